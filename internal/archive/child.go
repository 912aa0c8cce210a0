package archive

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	"sekisho/internal/worker"
)

// source is what a format's decoder gives the child: members in order.
type source interface {
	// next is the next member and its content, nil for none.
	next() (*Member, io.Reader, error)
}

// openJob sends the members of an archive.
func openJob(args []byte, in *worker.Input, out *worker.Output) error {
	var q request
	if err := json.Unmarshal(args, &q); err != nil {
		return err
	}
	from, err := q.open(in)
	if err != nil {
		return fault(err)
	}
	for {
		m, content, err := from.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fault(err)
		case q.Password != "" && !m.Encrypted:
			continue
		}
		m.Name = strings.ToValidUTF8(m.Name[:min(len(m.Name), maxName)], "\uFFFD")
		record, err := json.Marshal(m)
		if err != nil {
			return err
		}
		if err := out.Item(record, content, fault); err != nil {
			return err
		}
	}
}

// open chooses the decoder.
func (q *request) open(in *worker.Input) (source, error) {
	r := io.NewSectionReader(in, q.Offset, in.Size()-q.Offset)
	switch q.Format {
	case SevenZip:
		return openSeven(r, q.Password)
	case RAR:
		return openRAR(r, q.Password)
	case XZ, LZMA, LZip:
		return &single{format: q.Format, r: r}, nil
	}
	return nil, hopeless("no format %q", q.Format)
}

// fault is an error for the wire: the class of the decoder's error is known here alone.
func fault(err error) error {
	var e *Error
	switch {
	case errors.As(err, &e):
		return &worker.Fault{Class: byte(e.Class), Text: e.Text}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &worker.Fault{Class: byte(Cut), Text: err.Error()}
	}
	return &worker.Fault{Class: byte(Damaged), Text: err.Error()}
}

// tryJob answers for each password that it is told whether it opens the archive.
func tryJob(args []byte, in *worker.Input, out *worker.Output) error {
	var q request
	if err := json.Unmarshal(args, &q); err != nil {
		return err
	}
	opens, err := q.lock(in)
	if err != nil {
		return fault(err)
	}
	if err := out.Item(nil, nil, nil); err != nil { // ready to listen
		return err
	}
	for {
		word, err := in.Listen()
		if err != nil {
			return err
		}
		var answer []byte
		if len(word) > 0 && safely(opens, string(word)) {
			answer = []byte(yes)
		}
		if err := out.Item(answer, nil, nil); err != nil {
			return err
		}
	}
}

// safely: a decoder that panics on what a wrong password makes of the data is no reason to try no other.
func safely(opens func(string) bool, word string) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return opens(word)
}

// lock tells what proves a password.
func (q *request) lock(in *worker.Input) (opens func(string) bool, err error) {
	r := io.NewSectionReader(in, q.Offset, in.Size()-q.Offset)
	switch q.Format {
	case SevenZip:
		return lockOfSeven(r)
	case RAR:
		return func(word string) bool { return opensRAR(r, word, q.Pick) }, nil
	}
	return nil, hopeless("%s has no passwords", q.Format)
}
