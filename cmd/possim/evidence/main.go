package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

func main() {
	dist := flag.String("dist", "dist", "folder of what was made")
	name := flag.String("record", "", "run the command that follows and keep its figures under this name")
	flag.Parse()
	var err error
	if *name != "" {
		err = record(*dist, *name, flag.Args())
	} else if err = writePage(*dist); err == nil {
		fmt.Println("evidence:", filepath.Join(*dist, "evidence.md"), filepath.Join(*dist, "evidence.html"))
	}
	var failed *exec.ExitError
	switch {
	case errors.As(err, &failed):
		os.Exit(failed.ExitCode())
	case err != nil:
		fmt.Fprintln(os.Stderr, "evidence:", err)
		os.Exit(2)
	}
}
