module hedgerow/tracer

go 1.26
