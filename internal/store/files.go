package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Own gives an open file or folder to the state folder's owner. Only root can, and only root needs to.
func (s *Store) Own(f *os.File) error {
	if os.Geteuid() != 0 || s.uid == 0 {
		return nil
	}
	return f.Chown(s.uid, s.gid) // by descriptor: a name could be swapped for a link meanwhile
}

// at is where a file lies: in the state folder, unless its path is absolute.
func (s *Store) at(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return s.Path(name)
}

// Create makes a new file in the state folder; one that exists already, a link included, is fs.ErrExist.
func (s *Store) Create(name string, perm fs.FileMode) (*os.File, error) {
	path := s.at(name)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, perm)
	if err != nil {
		return nil, err
	}
	if err := s.Own(f); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return f, nil
}

// Mkdir makes a folder in the state folder unless it is there, durably.
func (s *Store) Mkdir(name string) error {
	path := s.Path(name)
	err := os.Mkdir(path, 0o750)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	made := err == nil
	d, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer d.Close()
	if !made {
		return nil
	}
	if err := s.Own(d); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// WriteFile writes a file whole and durably: a temporary file beside it, fsync, rename, fsync of the folder. After a crash the old
// content or the new one is there, never a mixture.
func (s *Store) WriteFile(name string, data []byte, perm fs.FileMode) error {
	tmp, err := s.writeTemp(name, data, perm)
	if err != nil {
		return err
	}
	if err := os.Rename(tmp, s.Path(name)); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return SyncDir(filepath.Dir(tmp))
}

func (s *Store) writeTemp(name string, data []byte, perm fs.FileMode) (path string, err error) {
	tmp := name + "." + rand.Text()[:8] + ".tmp"
	f, err := s.Create(tmp, perm)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(s.at(tmp)))
	}
	return s.at(tmp), nil
}

// SyncDir makes the names in a folder durable.
func SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// OpenRegular opens a file for reading if it is a regular one: a link is not followed and a pipe does not block.
func OpenRegular(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Free is the number of bytes the daemon's user can still write on the state folder's file system.
func (s *Store) Free() (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(s.dir, &st); err != nil {
		return 0, fmt.Errorf("store: statfs: %w", err)
	}
	return int64(st.Bavail) * st.Bsize, nil
}

// SecretName is the key's name in the state folder.
const SecretName = "secret"

// secretSize is the length of the key: as long as the digest of its HMAC (RFC 2104, section 3).
const secretSize = 32

// Secret returns the key of release marks, and makes it the first time, once for all processes.
func (s *Store) Secret() ([]byte, error) { return s.Key(SecretName) }

// Key returns the key in a file of the state folder, or at an absolute path, and makes it the first time, once for all processes.
func (s *Store) Key(name string) ([]byte, error) {
	key, err := readKey(s.at(name))
	if errors.Is(err, fs.ErrNotExist) {
		if err = s.makeKey(name); err == nil {
			key, err = readKey(s.at(name))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", filepath.Base(name), err)
	}
	return key, nil
}

func readKey(path string) ([]byte, error) {
	f, err := OpenRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if fi.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("mode is %#o: others can read it; remove it and a new one is made", fi.Mode().Perm())
	}
	if fi.Size() != secretSize {
		return nil, fmt.Errorf("%d bytes long, want %d; remove it and a new one is made", fi.Size(), secretSize)
	}
	key := make([]byte, secretSize)
	_, err = io.ReadFull(f, key)
	return key, err
}

// makeKey links a finished file to the name, so that of two processes one wins and both read the same key.
func (s *Store) makeKey(name string) error {
	key := make([]byte, secretSize)
	rand.Read(key) // never fails (crypto/rand)
	tmp, err := s.writeTemp(name, key, 0o600)
	if err != nil {
		return err
	}
	err = os.Link(tmp, s.at(name))
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	return errors.Join(err, os.Remove(tmp), SyncDir(filepath.Dir(tmp)))
}
