module hedgerow/replay

go 1.26
