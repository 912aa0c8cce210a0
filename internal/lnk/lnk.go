// Package lnk reads Windows shortcuts (MS-SHLLINK, Shell Link Binary File Format): what a double click runs, with which arguments and under
// which icon, and where the shortcut's own data end.
//
// A target can be told in five places, which need not agree: the environment block, the local path and the network path of LinkInfo, the
// item list, the relative path. All are returned; Target chooses the one that Windows goes by.
//
// # Limits
//
//   - Of the item list the drives, folders, files, network places and addresses become a path; other items stand as their class identifier,
//     and items of programs that extend the Explorer are left out.
//   - Strings of 8 bits do not say their code page: they are read as UTF-8, else as CP932, else as Windows-1252.
//   - 256 items, 64 blocks of extra data, and 64 KiB of LinkInfo are looked at; more is a Problem.
package lnk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Flags of the header (MS-SHLLINK 2.1.1).
const (
	hasIDList     = 1 << 0
	hasLinkInfo   = 1 << 1
	hasName       = 1 << 2
	hasRelative   = 1 << 3
	hasWorkingDir = 1 << 4
	hasArguments  = 1 << 5
	hasIcon       = 1 << 6
	isUnicode     = 1 << 7
	noLinkInfo    = 1 << 8 // ForceNoLinkInfo
	hasExpString  = 1 << 9
)

const (
	headerSize  = 0x4C
	itemsMax    = 256      // a path has a handful of folders
	blocksMax   = 64       // the specification knows eleven
	linkInfoMax = 64 << 10 // four paths of 32,767 characters would not fit, but no path of a file system is so long
	blockRead   = 64 << 10 // of an extra data block: the largest with a path has 788 bytes, an item list 64 KiB
)

// Link is a shortcut. Fields that it does not have are "".
type Link struct {
	Show uint32 // how the program's window appears: 1 normal, 3 maximised, 7 minimised (2.1)

	Items        string // the path that the item list tells (2.2)
	Base, Suffix string // LocalBasePath and CommonPathSuffix (2.3)
	Net, Device  string // the share, and the drive letter it had (2.3.2)

	Name, Relative, WorkingDir, Arguments, Icon string // StringData (2.4)

	Env       string // EnvironmentVariableDataBlock (2.5.4)
	IconEnv   string // IconEnvironmentDataBlock (2.5.5)
	Darwin    string // DarwinDataBlock (2.5.3): an installed program's descriptor
	Folder    string // KnownFolderDataBlock (2.5.6), SpecialFolderDataBlock (2.5.9): the folder around the target
	OtherList string // VistaAndAboveIDListDataBlock (2.5.11), the path it tells
	Machine   string // TrackerDataBlock (2.5.10): the name of the computer it was made on

	Tail int64 // where the shortcut's own data end; behind it stands what somebody appended

	Problems []Problem

	flags uint32
}

// Problem is what is malformed, or over a limit.
type Problem struct {
	Offset int64
	Text   string
}

// Options of Read; the zero value is ready.
type Options struct {
	Code func([]byte) string // decodes strings of 8 bits; nil means UTF-8, else CP932, else Windows-1252
}

func (o Options) withDefaults() Options {
	if o.Code == nil {
		o.Code = narrowText
	}
	return o
}

// ErrFormat is returned for what does not begin as a shortcut.
var ErrFormat = errors.New("lnk: not a shell link")

var classID = "\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46" // 2.1, LinkCLSID

// Read reads a shortcut. What is malformed is a Problem, and what was read before it is kept; an error other than ErrFormat is the reader's.
func Read(r io.ReaderAt, size int64, o Options) (*Link, error) {
	p := &parser{r: r, size: size, o: o.withDefaults(), link: &Link{}}
	head := p.bytes(headerSize)
	switch {
	case p.err != nil:
		return nil, p.err
	case len(head) < headerSize, binary.LittleEndian.Uint32(head) != headerSize, string(head[4:20]) != classID:
		return nil, ErrFormat
	}
	p.link.flags = binary.LittleEndian.Uint32(head[20:])
	p.link.Show = binary.LittleEndian.Uint32(head[60:])
	if p.link.flags&hasIDList != 0 {
		p.idList()
	}
	if p.link.flags&hasLinkInfo != 0 {
		p.linkInfo()
	}
	p.strings()
	p.extra()
	p.link.Tail = min(p.off, size)
	return p.link, p.err
}

// Target is the path that Windows goes by, "" for none: the environment block where the flag says so, what LinkInfo tells, the item list, then
// the relative path.
func (l *Link) Target() string {
	if t := l.Targets(); len(t) > 0 {
		return t[0]
	}
	return ""
}

// Targets are all paths that the shortcut gives for its target, the most important first, each once.
func (l *Link) Targets() []string {
	var list []string
	add := func(s string) {
		for _, t := range list {
			if strings.EqualFold(t, s) {
				return
			}
		}
		if s != "" {
			list = append(list, s)
		}
	}
	if l.flags&hasExpString != 0 {
		add(l.Env)
	}
	if l.flags&noLinkInfo == 0 {
		add(l.info())
	}
	add(l.Items)
	add(l.OtherList)
	add(l.Relative)
	add(l.Env)
	add(l.info())
	return list
}

// info is the path of LinkInfo (2.3): the local one, else that on the share, each with the suffix.
func (l *Link) info() string {
	root := l.Base
	if root == "" {
		root = l.Net
	}
	switch {
	case root == "":
		return ""
	case l.Suffix == "" || strings.HasSuffix(root, `\`):
		return root + l.Suffix
	}
	return root + `\` + l.Suffix
}

// parser reads from front to end.
type parser struct {
	r    io.ReaderAt
	size int64
	off  int64
	o    Options
	link *Link
	err  error
}

// bytes takes the next n bytes, fewer where the file ends.
func (p *parser) bytes(n int64) []byte {
	b := p.peek(n)
	p.off += int64(len(b))
	return b
}

// peek reads the next n bytes without taking them.
func (p *parser) peek(n int64) []byte {
	n = min(n, p.size-p.off)
	if n <= 0 || p.err != nil {
		return nil
	}
	b := make([]byte, n) // n is a constant, or a 16-bit length within the file
	got, err := p.r.ReadAt(b, p.off)
	if err != nil && !errors.Is(err, io.EOF) {
		p.err = fmt.Errorf("lnk: offset %d: %w", p.off, err)
	}
	return b[:got]
}

func (p *parser) problem(format string, args ...any) {
	p.link.Problems = append(p.link.Problems, Problem{p.off, fmt.Sprintf(format, args...)})
}

// word takes a 16-bit length; ok is false where the file ends.
func (p *parser) word() (n int64, ok bool) {
	b := p.bytes(2)
	if len(b) < 2 {
		return 0, false
	}
	return int64(binary.LittleEndian.Uint16(b)), true
}

// idList reads LinkTargetIDList (2.2).
func (p *parser) idList() {
	n, ok := p.word()
	b := p.bytes(n)
	if !ok || int64(len(b)) < n {
		p.problem("the item list ends with the file")
	}
	p.link.Items = p.items(b)
}

// strings reads StringData (2.4), in the order of the flags.
func (p *parser) strings() {
	for _, f := range []struct {
		flag uint32
		to   *string
	}{
		{hasName, &p.link.Name}, {hasRelative, &p.link.Relative}, {hasWorkingDir, &p.link.WorkingDir},
		{hasArguments, &p.link.Arguments}, {hasIcon, &p.link.Icon},
	} {
		if p.link.flags&f.flag == 0 {
			continue
		}
		n, ok := p.word()
		if !ok {
			p.problem("strings are missing")
			return
		}
		*f.to = p.counted(n)
	}
}

// counted takes a string of n characters. It ends at a NUL, as it does for Windows.
func (p *parser) counted(n int64) string {
	wide := p.link.flags&isUnicode != 0
	if wide {
		n *= 2
	}
	b := p.bytes(n)
	if int64(len(b)) < n {
		p.problem("a string ends with the file")
	}
	if wide {
		return wideText(b)
	}
	return p.o.Code(cutNUL(b))
}
