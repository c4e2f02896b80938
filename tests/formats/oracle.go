//go:build ignore

// The second opinion of test_other_implementations.py: golang.org/x/mod judges what we wrote.
//
// Standard input is JSON: the vkey, the signed checkpoint, for each proof index, entry and path (base64), for
// each consistency proof the first size and root and the path. Prints how many proofs hold.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type inclusion struct {
	Index int64
	Entry []byte
	Path  []tlog.Hash
}

type consistency struct {
	Size int64
	Root tlog.Hash
	Path []tlog.Hash
}

type evidence struct {
	Vkey        string
	Checkpoint  string
	Inclusion   []inclusion
	Consistency []consistency
}

func main() {
	var given evidence
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		log.Fatal(err)
	}
	size, root := treeHead(given)
	included, consistent := 0, 0
	for _, one := range given.Inclusion {
		if tlog.CheckRecord(one.Path, size, root, one.Index, tlog.RecordHash(one.Entry)) == nil {
			included++
		}
	}
	for _, one := range given.Consistency {
		if tlog.CheckTree(one.Path, size, root, one.Size, one.Root) == nil {
			consistent++
		}
	}
	fmt.Println(included, consistent)
}

func treeHead(given evidence) (int64, tlog.Hash) {
	verifier, err := note.NewVerifier(given.Vkey)
	if err != nil {
		log.Fatal(err)
	}
	opened, err := note.Open([]byte(given.Checkpoint), note.VerifierList(verifier))
	if err != nil {
		log.Fatal(err)
	}
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	decoded, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil {
		log.Fatal(err)
	}
	var root tlog.Hash
	copy(root[:], decoded)
	return size, root
}
