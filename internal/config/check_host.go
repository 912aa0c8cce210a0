package config

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// sunPathMax is the longest path of a unix socket: sun_path has 108 bytes with its final NUL (unix(7)).
const sunPathMax = 107

func (k *checker) listener() {
	a := k.Listen
	if a.Network != "unix" {
		for _, key := range []string{"socket.mode", "socket.group"} {
			if k.changed(key) {
				k.warn(key, "has no effect: listen is no unix socket", "listen が unix ソケットではないため、効果がありません")
			}
		}
		return
	}
	if len(a.Addr) > sunPathMax {
		k.fail("listen", "the socket's path has %[1]d bytes, and the system allows %[2]d", "ソケットのパスが %[1]d バイトあり、上限の %[2]d を超えています",
			len(a.Addr), sunPathMax)
	}
	if k.Socket.Mode&0o002 != 0 {
		k.warn("socket.mode", "every local user can feed the filter", "この機械のすべての利用者がフィルターに接続できます")
	}
	if k.Socket.Mode&0o200 == 0 {
		k.fail("socket.mode", "nobody could connect: writing is not allowed", "書き込みが許されず、誰も接続できません")
	}
	if k.changed("allowed_peers") {
		k.warn("allowed_peers", "has no effect: listen is a unix socket", "listen が unix ソケットのため、効果がありません")
	}
}

func (k *checker) peers() {
	if k.Listen.Network == "unix" {
		return
	}
	if len(k.AllowedPeers) == 0 {
		k.fail("allowed_peers", "is empty, so no MTA could connect to %[1]s", "空のため、MTA は %[1]s に接続できません", k.Listen)
		return
	}
	if isLoopback(k.Listen.Addr) {
		return
	}
	local := true
	for _, p := range k.AllowedPeers {
		if p.Bits() == 0 {
			k.fail("allowed_peers", "%[1]s lets everybody connect to %[2]s, and a milter has no authentication",
				"%[1]s では誰でも %[2]s に接続できます。milter には認証がありません", p, k.Listen)
		}
		local = local && p.Addr().IsLoopback()
	}
	if local {
		k.warn("allowed_peers", "holds this machine only, while listen is open to others (%[1]s)",
			"この機械しか含まないのに、listen は他の機械にも開いています(%[1]s)", k.Listen)
	}
}

func (k *checker) state() {
	switch {
	case k.State == "":
		k.fail("state", "is empty: held mail needs a folder", "空です。隔離メールを置くフォルダーが必要です")
	case k.Path() != "" && !filepath.IsAbs(k.State):
		k.warn("state", "%[1]q depends on the folder a command is started in", "%[1]q は、コマンドを起動したフォルダーによって変わります", k.State)
	}
}

func (k *checker) web() {
	w := k.Web
	if w.Listen == "" {
		if w.ConfigFile != "" {
			k.warn("web.config_file", "has no effect: web.listen is empty", "web.listen が空のため、効果がありません")
		}
		return
	}
	k.exists("web.config_file", w.ConfigFile)
	if !k.hostPort("web.listen", w.Listen) {
		return
	}
	if k.Listen.Network != "unix" && overlap(w.Listen, k.Listen.Addr) {
		k.fail("web.listen", "is the milter's own port (listen: %[1]s)", "milter と同じポートです(listen: %[1]s)", k.Listen)
	}
	if !isLoopback(w.Listen) && w.ConfigFile == "" {
		k.warn("web.listen", "metrics are open to the network without TLS or a password (web.config_file)",
			"メトリクスが TLS もパスワードもなくネットワークに公開されます(web.config_file)")
	}
}

// hostPort checks the form HOST:PORT.
func (k *checker) hostPort(key, text string) bool {
	_, port, err := net.SplitHostPort(text)
	if err != nil || !validPort(port) {
		k.fail(key, "%[1]q is not HOST:PORT", "%[1]q は HOST:PORT の形ではありません", text)
		return false
	}
	return true
}

// exists demands that a file which a key names can be seen; none is named by "".
func (k *checker) exists(key, path string) {
	if path == "" {
		return
	}
	if info, err := os.Stat(path); err != nil {
		k.fail(key, "%[1]v", "ファイルを参照できません: %[1]v", err)
	} else if info.IsDir() {
		k.fail(key, "%[1]q is a folder", "%[1]q はフォルダーです", path)
	}
}

// parent demands that the folder of a file to be made can be seen.
func (k *checker) parent(key, path string) {
	if path == "" {
		return
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil {
		k.fail(key, "%[1]v", "フォルダーを参照できません: %[1]v", err)
	} else if !info.IsDir() {
		k.fail(key, "%[1]q is no folder", "%[1]q はフォルダーではありません", filepath.Dir(path))
	}
}

// disk compares the quarantine's sizes with the disk of the state folder, or of the nearest folder above it that exists.
func (k *checker) disk() {
	size, ok := diskSize(k.State)
	if !ok {
		return
	}
	q := k.Quarantine
	switch {
	case int64(q.MinFreeBytes) >= size:
		k.fail("quarantine.min_free_bytes", "the disk has %[1]s in all: nothing could ever be held", "ディスク全体が %[1]s しかなく、何も隔離できません", gib(size))
	case int64(q.MaxBytes) > size-int64(q.MinFreeBytes):
		k.warn("quarantine.max_bytes", "the disk has %[1]s in all, of which %[2]s stay free: the disk is full before this is reached",
			"ディスク全体が %[1]s で、うち %[2]s を空けておくため、この上限より先にディスクが埋まります", gib(size), q.MinFreeBytes)
	}
}

func gib(n int64) string { return fmt.Sprintf("%.1fGiB", float64(n)/(1<<30)) }

func diskSize(path string) (int64, bool) {
	path, err := filepath.Abs(path)
	for err == nil {
		var st unix.Statfs_t
		if unix.Statfs(path, &st) == nil {
			return int64(st.Blocks) * st.Bsize, st.Blocks > 0 // some virtual file systems have no blocks
		}
		if path == filepath.Dir(path) {
			break
		}
		path = filepath.Dir(path)
	}
	return 0, false
}

// isLoopback reports whether HOST:PORT is of this machine only. A name other than localhost is not looked up: it counts as open.
func isLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		return false
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}

// overlap reports whether two listeners would want the same port of the same address.
func overlap(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB || portA == "0" {
		return false
	}
	return hostA == hostB || isAny(hostA) || isAny(hostB) || isLoopback(a) && isLoopback(b)
}

func isAny(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "" || err == nil && a.IsUnspecified()
}

// isDomain checks the letters, digits, hyphens and lengths of RFC 5890 2.3.1, in each label; U-labels pass as what they are.
func isDomain(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || strings.ContainsFunc(label, notLDH) {
			return false
		}
	}
	return true
}

func notLDH(r rune) bool {
	return r < 0x80 && r != '-' && r != '_' && !('0' <= r && r <= '9') && !('a' <= r && r <= 'z') && !('A' <= r && r <= 'Z')
}

// isToken checks an RFC 2045 5.1 token.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?=`, r)
	})
}

// printableASCII returns a text quoted for a message.
func printableASCII(s string) string { return strconv.QuoteToASCII(s) }
