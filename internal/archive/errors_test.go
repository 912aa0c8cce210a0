package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/bodgit/sevenzip"
	"github.com/nwaples/rardecode/v2"

	"sekisho/internal/worker"
)

// classOf is an error's class, 0 for none.
func classOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return 0
}

// TestErrorsOfAWorkerAreOfThisPackage: what a child sends, however wrong, has a class; what is the caller's own stays as it is.
func TestErrorsOfAWorkerAreOfThisPackage(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want Class
	}{
		{"a fault", &worker.Fault{Class: byte(Locked), Text: "x"}, Locked},
		{"a fault of no class", &worker.Fault{Text: "x"}, Damaged},
		{"a fault of a class that is none", &worker.Fault{Class: byte(TooLarge) + 1, Text: "x"}, Damaged},
		{"a death", &worker.DiedError{}, Damaged},
		{"a death for want of memory", &worker.DiedError{Memory: true}, TooLarge},
		{"archives in archives beyond the workers", fmt.Errorf("x: %w", worker.ErrNested), TooLarge},
		{"no start", fmt.Errorf("x: %w", worker.ErrStart), Damaged},
		{"the context", context.DeadlineExceeded, 0},
		{"the end", io.EOF, 0},
	} {
		err := outside(tt.err)
		if classOf(err) != tt.want || tt.want == 0 && !errors.Is(err, tt.err) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if tt.want != 0 && err.Error() == "" {
			t.Errorf("%s: no text", tt.name)
		}
	}
	if outside(nil) != nil {
		t.Error("an error of none")
	}
}

func TestFaultsOnTheWireKeepTheirClass(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want Class
	}{
		{&Error{TooLarge, "x"}, TooLarge}, {fmt.Errorf("x: %w", errLocked), Locked}, {io.ErrUnexpectedEOF, Cut}, {errors.New("x"), Damaged},
	} {
		var f *worker.Fault
		if err := fault(tt.err); !errors.As(err, &f) || Class(f.Class) != tt.want || f.Text == "" {
			t.Errorf("%v: %v", tt.err, err)
		}
	}
}

func TestClassesOfTheLibrariesErrors(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want Class
	}{
		{rarError(rardecode.ErrArchiveEncrypted), Locked}, {rarError(rardecode.ErrArchivedFileEncrypted), Locked}, {rarError(rardecode.ErrBadPassword), Locked},
		{rarError(rardecode.ErrMultiVolume), Cut}, {rarError(rardecode.ErrUnexpectedArcEnd), Cut}, {rarError(io.ErrUnexpectedEOF), Cut},
		{rarError(rardecode.ErrDictionaryTooLarge), TooLarge}, {rarError(rardecode.ErrNoSig), Hopeless}, {rarError(rardecode.ErrUnknownVersion), Unsupported},
		{rarError(rardecode.ErrBadFileChecksum), Damaged}, {rarError(io.EOF), 0},
		{sevenError(&sevenzip.ReadError{Err: errors.New("x")}), Damaged}, {sevenError(errLocked), Locked},
		{singleError(io.ErrUnexpectedEOF), Cut}, {singleError(io.EOF), Cut}, {singleError(errors.New("xz: unsupported filter")), Unsupported},
		{singleError(errors.New("xz: checksum")), Damaged}, {singleError(errLocked), Locked},
	} {
		if got := classOf(tt.err); got != tt.want {
			t.Errorf("%v: class %d, want %d", tt.err, got, tt.want)
		}
	}
}
