//go:build ignore

// The second opinion of test_other_implementations.py: golang.org/x/mod judges what we wrote.
//
// Standard input is JSON: the vkey, the signed checkpoint, for each proof index, entry and path (base64), for
// each consistency proof the first size and root and the path; the vkey of a witness. Prints how many proofs
// hold, and the time of the witness's cosignature (C2SP tlog-cosignature), 0 where none holds.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
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
	Witness     string
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
	fmt.Println(included, consistent, cosignedAt(given))
}

// witness verifies cosignatures: an Ed25519 signature over a header, a time and the text, after the time.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
	at   uint64
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }
func (w *witness) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	w.at = binary.BigEndian.Uint64(signature)
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", w.at, text)
	return ed25519.Verify(w.key, []byte(signed), signature[8:])
}

func cosignedAt(given evidence) uint64 {
	parts := strings.SplitN(given.Witness, "+", 3)
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		log.Fatal("this is no key of a witness")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	one := &witness{name: parts[0], hash: binary.BigEndian.Uint32(sum[:4]), key: key[1:]}
	if fmt.Sprintf("%08x", one.hash) != parts[1] {
		log.Fatal("key and id of the witness disagree")
	}
	opened, err := note.Open([]byte(given.Checkpoint), note.VerifierList(one))
	if err != nil || len(opened.Sigs) != 1 {
		return 0
	}
	return one.at
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
