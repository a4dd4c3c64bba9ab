// Writes glob.tsv and lookup.tsv beside itself: what Go's own libraries say, put together as the kubelet's keyring does it.
// Run with `go run oracle.go`; recorded with Go 1.19.8.
package main

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

func parse(schemeless string) (*url.URL, error) { return url.Parse("https://" + schemeless) }

func split(host string) ([]string, string) {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = host, ""
	}
	return strings.Split(name, "."), port
}

// The key under which an entry is filed, or "" when it is ignored.
func filed(entry string) string {
	if !strings.HasPrefix(entry, "https://") && !strings.HasPrefix(entry, "http://") {
		entry = "https://" + entry
	}
	u, err := url.Parse(entry)
	if err != nil {
		return ""
	}
	path := u.Path
	if strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/v2/") {
		path = path[3:]
	}
	if path == "/" {
		path = ""
	}
	return u.Host + path
}

func matches(key, image string) bool {
	k, err := parse(key)
	if err != nil {
		return false
	}
	i, err := parse(image)
	if err != nil {
		return false
	}
	keyParts, keyPort := split(k.Host)
	imageParts, imagePort := split(i.Host)
	if keyPort != imagePort || len(keyParts) != len(imageParts) || !strings.HasPrefix(i.Path, k.Path) {
		return false
	}
	for n := range keyParts {
		if ok, err := filepath.Match(keyParts[n], imageParts[n]); err != nil || !ok {
			return false
		}
	}
	return true
}

func hub(image string) bool {
	parts := strings.SplitN(image, "/", 2)
	if len(parts[0]) == 0 {
		return false
	}
	if len(parts) == 1 || parts[0] == "docker.io" || parts[0] == "index.docker.io" {
		return true
	}
	return !strings.ContainsAny(parts[0], ".:")
}

func main() {
	globs, _ := os.Create("glob.tsv")
	patterns := []string{"", "*", "**", "a", "a*", "*a", "*a*", "a*b*c", "a?c", "?", "??", "[a]", "[ab]c", "[a-c]x", "[^a-c]x", "[^^]", "[]", "[]a]",
		"[a", "[a-", "[a-]", "[-a]", "[a-b-c]", "[", "[^", "[^]", "\\", "\\a", "\\*", "a\\", "[\\]]", "[\\-a]", "[a\\-z]", "[\\", "a[b]*", "*[0-9]",
		"*-good", "é*", "?é", "[é-ü]", "*x*x*x*x*y", "[z-a]", "a/b", "a?b", "a*b", "[/]", "*my-registry", "reg-[0-9][0-9]", "[[]", "[a]]", "[*]", "a[*]b"}
	texts := []string{"", "a", "b", "ab", "abc", "aXbYc", "ac", "bc", "cx", "dx", "^", "]", "-", "*", "\\", "a*", "é", "éa", "ü", "xxxxxxxx", "xxxxy", "a/b", "a]", "[",
		"prefix-good", "my-registry", "sub-my-registry", "reg-07", "reg-7", "a*b"}
	for _, p := range patterns {
		for _, t := range texts {
			verdict, err := filepath.Match(p, t)
			if err != nil {
				fmt.Fprintf(globs, "%s\t%s\t-\n", p, t)
			} else {
				fmt.Fprintf(globs, "%s\t%s\t%v\n", p, t, verdict)
			}
		}
	}

	// key as written, key as filed, then the images of the list that it is for (by itself in a keyring).
	lookups, _ := os.Create("lookup.tsv")
	keys := []string{"my-registry.io", "*my-registry.io", "*my-registry.io/images", "*.my-registry.io", "https://my-registry.io/v1/", "https://my-registry.io/v2/images",
		"http://my-registry.io", "HTTP://my-registry.io", "my-registry.io/", "my-registry.io/v1", "my-registry.io/v2", "my-registry.io:5000", "*:5000", "*.io:5000", "*",
		"*.*", "*.*.*", "my-registry.*", "my-registry.i?", "[m-n]y-registry.io", "my-registry.io/images", "my-registry.io/images/", "my-registry.io/imag",
		"my-registry.io/images/subpath", "my-registry.io/im*", "user:pw@my-registry.io", "us er@my-registry.io", "my-registry.io#x", "my-registry.io/images#x%zz",
		"my-registry.io/%69mages", "my-registry.io/%zz", "my-registry%2eio", "m%C3%A9.io", "[::1]:5000", "[::1]", "[::1", "::1", "127.0.0.1:5000", "127.0.0.*:5000",
		"localhost:5000", "localhost", "index.docker.io", "https://index.docker.io/v1/", "index.docker.io/v1", "docker.io", "*.docker.io", "registry-1.docker.io",
		"my-registry.io:", "my-registry.io:port", "my-registry.io:50:00", "", "/", "my registry.io", "my-registry.io/a b", "my^registry.io", "\\*.io", "[a.io", "a].io",
		"https://https://my-registry.io", "my-registry.io/%2569mages", "//my-registry.io", "my-registry.io//images", "*/images", "my-registry.io/v1/images", "a\tb.io", "docker.io/library",
		"index.docker.io/library", "gcr.io", "*.gcr.io", "k8s.gcr.io/team", "EXAMPLE.io", "my-registry.io/?x", "my-registry.io?x/images"}
	images := []string{"my-registry.io/images", "my-registry.io/images/my-image", "my-registry.io/images2/a", "my-registry.io/other", "sub.my-registry.io/images/a", "a.sub.my-registry.io/images/a",
		"sub-my-registry.io/images", "my-registry.io:5000/images/a", "127.0.0.1:5000/a", "[::1]:5000/a", "localhost:5000/a", "localhost/a", "docker.io/library/nginx", "docker.io/team/app",
		"index.docker.io/team/app", "nginx", "team/app", "mé.io/a", "gcr.io/team/a", "eu.gcr.io/team/a", "k8s.gcr.io/team/a", "my-registry.io/images/subpath/my-image", "example.io/a", "EXAMPLE.io/a",
		"my-registry.io/a b/c", "my-registry.io/v1/images"}
	for _, k := range keys {
		name := filed(k)
		var found []string
		for _, i := range images {
			if _, err := url.Parse("https://" + k); name == "" && err != nil {
				break
			}
			if matches(name, i) || name == "index.docker.io" && hub(i) {
				found = append(found, i)
			}
		}
		sort.Strings(found)
		fmt.Fprintf(lookups, "%s\t%s\t%s\n", strings.ReplaceAll(k, "\t", "\\t"), name, strings.Join(found, "|"))
	}
}
