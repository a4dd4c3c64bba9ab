// The Go implementation's side of benches/appc.rs: nanoseconds for one manifest parsed, one emitted, one identifier checked.
package main

import (
	"fmt"
	"io/ioutil"
	"os"
	"strconv"
	"time"

	"github.com/appc/spec/schema"
	"github.com/appc/spec/schema/types"
)

func each(times int, do func()) int64 {
	start := time.Now()
	for i := 0; i < times; i++ {
		do()
	}
	return time.Since(start).Nanoseconds() / int64(times)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	text, err := ioutil.ReadFile(os.Args[1])
	check(err)
	times, err := strconv.Atoi(os.Args[2])
	check(err)
	var manifest schema.ImageManifest
	fmt.Println(each(times, func() {
		manifest = schema.ImageManifest{}
		check(manifest.UnmarshalJSON(text))
	}))
	fmt.Println(each(times, func() {
		_, err := manifest.MarshalJSON()
		check(err)
	}))
	fmt.Println(each(times*10, func() {
		_, err := types.NewACIdentifier("example.com/tools/reduce-worker")
		check(err)
	}))
}
