module hedgerow/gate

go 1.26
