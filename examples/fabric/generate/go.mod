module hedgerow/examples/fabric/generate

go 1.26
