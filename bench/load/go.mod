module hedgerow/load

go 1.26
