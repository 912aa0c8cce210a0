package e2e

import (
	"debug/elf"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// instruction is a line of the Dockerfile: its keyword and the rest.
type instruction struct{ word, rest string }

func dockerfile(t *testing.T) []instruction {
	t.Helper()
	b, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	var all []instruction
	for line := range strings.Lines(strings.ReplaceAll(string(b), "\\\n", " ")) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		all = append(all, instruction{word, strings.TrimSpace(rest)})
	}
	return all
}

// last is the rest of the last instruction with that keyword.
func last(t *testing.T, all []instruction, word string) string {
	t.Helper()
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].word == word {
			return all[i].rest
		}
	}
	t.Fatalf("Dockerfile: no %s", word)
	return ""
}

// execForm reads the JSON form, the only one that works without a shell.
func execForm(t *testing.T, text string) []string {
	t.Helper()
	var args []string
	if err := json.Unmarshal([]byte(text), &args); err != nil {
		t.Fatalf("Dockerfile: %s: %v", text, err)
	}
	return args
}

// No Docker engine is needed: the build stage's own command is run on what .dockerignore lets through, and the result is started as the
// image starts it, as its user, in a root folder that holds nothing else.
func TestImage(t *testing.T) {
	df := dockerfile(t)
	if from := last(t, df, "FROM"); from != "scratch" {
		t.Errorf("last stage FROM %s", from)
	}
	if user := last(t, df, "USER"); user != "65532:65532" {
		t.Errorf("USER %s", user)
	}
	root := t.TempDir()
	binary := buildAsImage(t, df)
	checkStatic(t, binary)
	state := filepath.Join(root, last(t, df, "VOLUME"))
	if err := errors.Join(os.MkdirAll(filepath.Dir(state), 0o755), os.Mkdir(state, 0o750), os.Chown(state, 65532, 65532), os.Rename(binary, filepath.Join(root, "sekisho"))); err != nil {
		t.Fatal(err)
	}
	for dir := root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	runAsImage(t, df, root)
}

// buildAsImage runs the stage's go build in a copy of what the engine would get.
func buildAsImage(t *testing.T, df []instruction) string {
	t.Helper()
	src, out := t.TempDir(), t.TempDir()
	copyContext(t, src)
	for _, in := range df {
		if in.word != "RUN" || !strings.Contains(in.rest, "go build") {
			continue
		}
		if !strings.Contains(in.rest, "CGO_ENABLED=0") || !strings.Contains(in.rest, "-trimpath") {
			t.Errorf("Dockerfile: RUN %s", in.rest)
		}
		cmd := exec.Command("/bin/sh", "-ec", strings.ReplaceAll(in.rest, "/out/", out+"/"))
		cmd.Dir, cmd.Env = src, append(os.Environ(), "VERSION=e2e")
		if b, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", in.rest, err, b)
		}
		return filepath.Join(out, "sekisho")
	}
	t.Fatal("Dockerfile: no go build")
	return ""
}

// copyContext copies what .dockerignore lets through: it excludes everything, takes back top-level names, and drops two patterns again.
func copyContext(t *testing.T, dst string) {
	t.Helper()
	b, err := os.ReadFile("../.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(b)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "!"); ok {
			names = append(names, name)
		}
	}
	err = fs.WalkDir(os.DirFS(".."), ".", func(path string, e fs.DirEntry, err error) error {
		switch top, _, _ := strings.Cut(path, "/"); {
		case err != nil:
			return err
		case path == ".":
			return nil
		case !slices.Contains(names, top), e.Name() == "testdata":
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case strings.HasSuffix(path, "_test.go"):
			return nil
		case e.IsDir():
			return os.Mkdir(filepath.Join(dst, path), 0o755)
		}
		b, err := os.ReadFile(filepath.Join("..", path))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dst, path), b, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// checkStatic sees that the program asks for no loader and no library.
func checkStatic(t *testing.T, binary string) {
	t.Helper()
	f, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("not static: it has a segment %v", p.Type)
		}
	}
}

// runAsImage starts ENTRYPOINT and CMD, on loopback ports, and asks the image's own health check before and after.
func runAsImage(t *testing.T, df []instruction, root string) {
	t.Helper()
	milter, web := freePort(t), freePort(t)
	ports := strings.NewReplacer("8899@0.0.0.0", milter+"@127.0.0.1", "0.0.0.0:9899", "127.0.0.1:"+web, "127.0.0.1:9899", "127.0.0.1:"+web)
	start := func(args []string) *exec.Cmd {
		for i := range args {
			args[i] = ports.Replace(args[i])
		}
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = []string{}
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
		cmd.Dir = "/"
		return cmd
	}
	_, check, ok := strings.Cut(last(t, df, "HEALTHCHECK"), "CMD ")
	if !ok {
		t.Fatal("Dockerfile: HEALTHCHECK without CMD")
	}
	var log strings.Builder
	daemon := start(append(execForm(t, last(t, df, "ENTRYPOINT")), execForm(t, last(t, df, "CMD"))...))
	daemon.Stdout, daemon.Stderr = &log, &log
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- daemon.Wait() }()
	defer daemon.Process.Kill() //nolint:errcheck // it has ended, unless the test failed
	var health error
	for end := time.Now().Add(wait); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if health = start(execForm(t, check)).Run(); health == nil {
			break
		}
	}
	if health != nil {
		t.Errorf("health check: %v", health)
	}
	if err := daemon.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("end: %v", err)
		}
	case <-time.After(wait):
		t.Fatal("no end after SIGTERM")
	}
	if start(execForm(t, check)).Run() == nil {
		t.Error("the health check is content with a daemon that has ended")
	}
	if t.Failed() {
		t.Logf("log:\n%s", log.String())
	}
}
