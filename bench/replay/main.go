// Command replay stands in for a Kubernetes API server in benches: it sends recorded answers of a
// real one as fast as the socket takes them, so that a client is measured and not the server's
// encoder. It knows no watch and takes no write. No test of behaviour uses it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `replay --record URL --ca FILE --token-file FILE --answers FOLDER
    asks a real API server for all that a reader of Hedgehog fabrics asks for, and keeps the answers
replay --answers FOLDER --dir FOLDER [--port N] [--rate BYTES]
    sends them, until standard input or the process ends
`

type wishes struct {
	record    string
	caFile    string
	tokenFile string
	answers   string
	dir       string
	port      int
	rate      int64
}

func main() {
	var wish wishes
	flag.Usage = func() {
		fmt.Fprint(os.Stderr, usage)
		flag.PrintDefaults()
	}
	flag.StringVar(&wish.record, "record", "", "address of the API server to record")
	flag.StringVar(&wish.caFile, "ca", "", "its certificate authority")
	flag.StringVar(&wish.tokenFile, "token-file", "", "a token of an account that may read")
	flag.StringVar(&wish.answers, "answers", "", "folder of the recorded answers")
	flag.StringVar(&wish.dir, "dir", "", "folder for the certificate that is made at each start")
	flag.IntVar(&wish.port, "port", 0, "port on 127.0.0.1; 0 is a free one")
	flag.Int64Var(&wish.rate, "rate", 0, "bytes of answers a second, of all connections; 0 is no limit")
	flag.Parse()
	if flag.NArg() > 0 || wish.answers == "" || (wish.record == "") == (wish.dir == "") {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(wish); err != nil {
		fmt.Fprintln(os.Stderr, "replay:", err)
		os.Exit(1)
	}
}

func run(wish wishes) error {
	if wish.record != "" {
		from, err := connect(wish.record, wish.caFile, wish.tokenFile)
		if err != nil {
			return err
		}
		kinds, err := record(from, wish.answers)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(kinds)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	return serve(ctx, wish)
}
