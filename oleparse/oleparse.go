// Package oleparse reads Office documents as bytes: compound files (MS-CFB) and the VBA projects in them (MS-OVBA).
//
// (A helper completes this comment; # Limits.)
package oleparse

import (
	"context"
	"io"
)

// Document is what was read of one Office document.
type Document struct {
	Kind      string // doc xls ppt msg msi pub vsd ole (a compound file of another kind); docx docm xlsx … for OOXML
	Encrypted bool   // EncryptedPackage, or FibBase.fEncrypted, FilePass, CryptSession10Container
	Projects  []Project
	Streams   []string // paths of all streams, "/" between storages, control prefixes kept
	Problems  []Problem
}

// Project is one VBA project (MS-OVBA 2.2).
type Project struct {
	Path     string // storage that holds it ("Macros", "_VBA_PROJECT_CUR", "" for the root), or the OOXML part before it
	Name     string
	CodePage int
	Modules  []Module
}

// Module is one module of a project with what its source says.
type Module struct {
	Name       string
	Stream     string // as DESIGN's modules[].stream: "Macros/VBA/ThisDocument"; in OOXML "word/vbaProject.bin" + "/VBA/ThisDocument"
	Source     string // UTF-8, "\n" line ends, Attribute lines kept
	Autoexec   []Hit
	Suspicious []Hit
}

// Hit is a keyword found in code.
type Hit struct {
	Keyword string // as the closed list spells it
	Line    int    // first line, 1-based
	Why     string // one English phrase, from the closed list
}

// Problem is something malformed or out of a limit, with where.
type Problem struct {
	Where  string // stream or structure
	Text   string // attacker bytes through %q
	Unread bool   // content that Office might still run was not read: the scan is incomplete
}

// Options bound a read. The zero value of a field is its default.
type Options struct {
	Entries int   // directory entries
	Depth   int   // nested storages
	Source  int64 // bytes of decompressed module source in all
}

// Parts is the OOXML package's parts, filled from a ZIP reader by the caller.
type Parts interface {
	Names() []string
	// Open returns the part's content. Reads obey the caller's budget.
	Open(name string) (io.ReadCloser, error)
}

// ReadOLE reads a compound file. An error is the reader's or the context's, never the document's: what is malformed is a Problem.
func ReadOLE(ctx context.Context, r io.ReaderAt, size int64, o Options) (*Document, error) {
	panic("skeleton")
}

// ReadOOXML reads a package (ECMA-376 part 2). The error is as of ReadOLE.
func ReadOOXML(ctx context.Context, p Parts, o Options) (*Document, error) { panic("skeleton") }
