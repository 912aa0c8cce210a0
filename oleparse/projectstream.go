package oleparse

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// projectMost bounds the PROJECT stream: a module takes about 60 bytes there, a window position as many.
const projectMost = 1 << 20

// projectText is what the PROJECT stream says (MS-OVBA 2.3.1): names and values line by line, not compressed.
type projectText struct {
	modules        []string // MODULE records: Document=, Module=, Class=, BaseClass=
	state          []byte   // decrypted CMG: ProjectProtectionState
	password       []byte   // decrypted DPB: ProjectPassword
	visibility     []byte   // decrypted GC: ProjectVisibilityState
	cmg, dpb, gc   bool     // the value is there, be it readable or not
	workspaceBegun bool
}

// readProjectText reads the PROJECT stream beside a VBA storage (MS-OVBA 2.2.1, 2.3.1). A missing one says nothing: Office reads the dir stream.
func (c *compound) readProjectText(storage int, page int) (t projectText, ok bool) {
	id := c.find(storage, typeStream, "PROJECT")
	if id < 0 {
		return t, false
	}
	b := c.bytes(id, projectMost) // it only tells more about the project
	for line := range strings.FieldsFuncSeq(decodeText(page, b), func(r rune) bool { return r == '\r' || r == '\n' }) {
		t.take(strings.TrimSpace(line))
	}
	return t, len(b) > 0
}

// take reads one line.
func (t *projectText) take(line string) {
	if strings.HasPrefix(line, "[") { // [Host Extender Info] (2.3.1.18), [Workspace] (2.3.1.19)
		t.workspaceBegun = true
	}
	key, value, ok := strings.Cut(line, "=")
	if !ok || t.workspaceBegun {
		return
	}
	switch strings.ToLower(strings.TrimSpace(key)) {
	case "document", "module", "class", "baseclass": // MS-OVBA 2.3.1.4 to 2.3.1.8
		name, _, _ := strings.Cut(value, "/") // DocModule: the name, then "/&H" and a version
		t.modules = append(t.modules, strings.TrimSpace(name))
	case "cmg":
		t.cmg, t.state = true, decryptProperty(value)
	case "dpb":
		t.dpb, t.password = true, decryptProperty(value)
	case "gc":
		t.gc, t.visibility = true, decryptProperty(value)
	}
}

// decryptProperty undoes Data Encryption (MS-OVBA 2.4.3.3) of a quoted hexadecimal value. It is nil for what does not decrypt.
func decryptProperty(value string) []byte {
	b, err := hex.DecodeString(strings.Trim(strings.TrimSpace(value), `"`))
	if err != nil || len(b) < 3 {
		return nil
	}
	seed := b[0]
	version, projectKey := seed^b[1], seed^b[2]
	if version != 2 { // 2.4.3.2: Version MUST be 2
		return nil
	}
	plain, before, older := projectKey, b[2], b[1] // UnencryptedByte1, EncryptedByte1, EncryptedByte2
	ignored := int(seed&6) / 2
	var out []byte
	for _, v := range b[3:] {
		p := v ^ (older + plain)
		older, before, plain = before, v, p
		out = append(out, p)
	}
	if len(out) < ignored+4 {
		return nil
	}
	out = out[ignored:]
	if int64(binary.LittleEndian.Uint32(out)) != int64(len(out)-4) {
		return nil
	}
	return out[4:]
}

// tell puts protection and visibility into the project. A value that is there and does not decrypt is how a project is made unviewable: the editor
// refuses to show it and the code runs all the same.
func (t *projectText) tell(p *Project) {
	p.Protected = t.cmg && (len(t.state) != 4 || t.state[0]&7 != 0) // 2.3.1.15: fUserProtected, fHostProtected, fVbeProtected
	p.Password = t.dpb && (len(t.password) != 1 || t.password[0] != 0)
	p.Hidden = t.gc && (len(t.visibility) != 1 || t.visibility[0] == 0) // 2.3.1.17
	p.Protected = p.Protected || p.Password || p.Hidden
}

// compareModules says which modules only one of dir and PROJECT names. Office reads those of dir; the editor lists those of PROJECT.
func (t *projectText) compareModules(p *Project) {
	listed := make(map[string]bool)
	for _, m := range t.modules {
		listed[strings.ToUpper(m)] = true
	}
	if len(listed) == 0 { // nothing to compare: written by another program, or nothing could be read
		return
	}
	for i := range p.Modules {
		name := strings.ToUpper(p.Modules[i].Name)
		if !listed[name] {
			p.Unlisted = append(p.Unlisted, p.Modules[i].Name)
		}
		delete(listed, name)
	}
	for _, m := range t.modules {
		if listed[strings.ToUpper(m)] {
			p.Missing = append(p.Missing, m)
		}
	}
}
