// The peer of cni-client: upstream's libcni.
//
//	libcni add|check|del NET NETNS   as upstream's cnitool: CNI_PATH, NETCONFPATH, CAP_ARGS, CNI_ARGS, CNI_IFNAME
//	libcni bench ROUNDS PAIRS        rounds of pairs of ADD and DEL, the microseconds of a pair of each round on a line
//
// CNI_CACHE names the folder that libcni keeps its records in. Built against Debian's golang-github-appc-cni-dev:
// GO111MODULE=off GOPATH=/usr/share/gocode go build libcni.go
package main

import (
	"context"
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/containernetworking/cni/libcni"
)

func client() *libcni.CNIConfig {
	return libcni.NewCNIConfigWithCacheDir(filepath.SplitList(os.Getenv("CNI_PATH")), os.Getenv("CNI_CACHE"), nil)
}

func runtimeConf(netns string) (*libcni.RuntimeConf, error) {
	netns, err := filepath.Abs(netns)
	if err != nil {
		return nil, err
	}
	sum := sha512.Sum512([]byte(netns))
	conf := &libcni.RuntimeConf{ContainerID: fmt.Sprintf("cnitool-%x", sum[:10]), NetNS: netns, IfName: "eth0"}
	if name := os.Getenv("CNI_IFNAME"); name != "" {
		conf.IfName = name
	}
	if text := os.Getenv("CAP_ARGS"); text != "" {
		if err := json.Unmarshal([]byte(text), &conf.CapabilityArgs); err != nil {
			return nil, err
		}
	}
	for _, pair := range strings.Split(os.Getenv("CNI_ARGS"), ";") {
		if key, value, found := strings.Cut(pair, "="); found {
			conf.Args = append(conf.Args, [2]string{key, value})
		}
	}
	return conf, nil
}

func tool(verb, network, netns string) error {
	list, err := libcni.LoadConfList(os.Getenv("NETCONFPATH"), network)
	if err != nil {
		return err
	}
	conf, err := runtimeConf(netns)
	if err != nil {
		return err
	}
	switch verb {
	case "add":
		result, err := client().AddNetworkList(context.Background(), list, conf)
		if err != nil {
			return err
		}
		return result.Print()
	case "check":
		return client().CheckNetworkList(context.Background(), list, conf)
	case "del":
		return client().DelNetworkList(context.Background(), list, conf)
	}
	return fmt.Errorf("unknown verb %q", verb)
}

func bench(rounds, pairs int) error {
	list, err := libcni.LoadConfList(os.Getenv("NETCONFPATH"), "bench")
	if err != nil {
		return err
	}
	cni := client()
	for round := 0; round < rounds; round++ {
		began := time.Now()
		for pair := 0; pair < pairs; pair++ {
			conf := &libcni.RuntimeConf{ContainerID: fmt.Sprintf("c%d", pair), NetNS: "/run/netns/none", IfName: "eth0"}
			if _, err := cni.AddNetworkList(context.Background(), list, conf); err != nil {
				return err
			}
			if err := cni.DelNetworkList(context.Background(), list, conf); err != nil {
				return err
			}
		}
		fmt.Println(float64(time.Since(began).Nanoseconds()) / 1000 / float64(pairs))
		// The other side's turn: a line on standard input starts the next round.
		fmt.Scanln()
	}
	return nil
}

func main() {
	var err error
	if len(os.Args) == 4 && os.Args[1] == "bench" {
		rounds, _ := strconv.Atoi(os.Args[2])
		pairs, _ := strconv.Atoi(os.Args[3])
		err = bench(rounds, pairs)
	} else if len(os.Args) == 4 {
		err = tool(os.Args[1], os.Args[2], os.Args[3])
	} else {
		err = fmt.Errorf("usage: libcni add|check|del NET NETNS | libcni bench ROUNDS PAIRS")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
