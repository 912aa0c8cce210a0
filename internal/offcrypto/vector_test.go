package offcrypto

import (
	"bytes"
	"encoding/hex"
	"io"
	"strings"
	"testing"
)

// The vectors of this file were worked out from the specification's text by a program in another language, but for Excel's own.

const vectorPassword = "Grünes Gürteltier 犬"

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustOpen(t *testing.T, l *Lock, err error, password string) *Key {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	k, err := l.Open(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Open(t.Context(), "."+password); err != ErrPassword {
		t.Errorf("another password: %v", err)
	}
	return k
}

func TestXORVectors(t *testing.T) {
	for password, want := range map[string]uint32{"VelvetSweatshop": 0xB359_9A0A, "123456789012345": 0x8265_9EB1, "abc": 0x514A_CC1A} {
		if got := uint32(xorKey([]byte(password)))<<16 | uint32(xorVerifier([]byte(password))); got != want {
			t.Errorf("%q: %08X, want %08X", password, got, want)
		}
	}
	// Written by Excel: the data of a BoundSheet8 at stream offset 1374, behind its plain lbPlyPos, under a password of fifteen digits.
	l, err := ParseFilePass([]byte{0, 0, 0x65, 0x82, 0xB1, 0x9E}, true)
	k := mustOpen(t, l, err, "123456789012345")
	data := append([]byte{1, 2, 3, 4}, unhex(t, "5b28fc2ade6d5d")...)
	k.Records().Decrypt(0x0085, 1374, data)
	if want := "\x01\x02\x03\x04\x00\x00\x03\x00420"; string(data) != want {
		t.Errorf("%q, want %q", data, want)
	}
}

func TestBinaryRC4Vector(t *testing.T) {
	l, err := ParseRC4(unhex(t, "01000100000102030405060708090a0b0c0d0e0f1af9f72f2a765ac031496eafd95b41e9079990ef6b71a36cdbef3710d5dd4a62"))
	k := mustOpen(t, l, err, vectorPassword)
	data := unhex(t, "05549d64436cf933ff0b2463e75bf46f8b9e89134a57033e30520fe9d363ac2c1fe9d2454c1ba0b4ca4d3cdde932733452b907adb026a6da3551444f")
	k.Records().Decrypt(0x00FC, 1000, data) // across the boundary of two blocks
	if want := strings.Repeat("The quick brown fox", 120)[1000:1060]; string(data) != want {
		t.Errorf("%q, want %q", data, want)
	}
}

func TestCryptoAPIVectors(t *testing.T) {
	for bits, v := range map[int][2]string{
		40: {"04000200040000002400000004000000000000000168000004800000280000000100000000000000000000005800000010000000000102030405060708090a0b0c0d0e0f0f4c0430ca1c7ca6471a1bd2ef316cc8140000007ed54e768358fd9e49f97730be1707f8191424d5",
			"acf5b603cb449c46375874f3"},
		56: {"04000200040000002400000004000000000000000168000004800000380000000100000000000000000000005800000010000000000102030405060708090a0b0c0d0e0fcb0169b708c1db92adb3687f834abeec14000000208b82a88f235929acb84154bbfead600f9abc35",
			"58ce4dfe480bcffd1c46b7f3"},
		128: {"04000200040000002400000004000000000000000168000004800000800000000100000000000000000000005800000010000000000102030405060708090a0b0c0d0e0f0d78ab074cdd08bd848a6716238333bb140000006ca4b8430078ed39bb5ef877f8c3e1d0dfa9225b",
			"c2829473bd3a1da2a3ea8f65"},
	} {
		l, err := ParseRC4(unhex(t, v[0]))
		k := mustOpen(t, l, err, vectorPassword)
		got, err := io.ReadAll(k.Object(bytes.NewReader(unhex(t, v[1])), 7, 0))
		if string(got) != "plain object" || err != nil {
			t.Errorf("%d bits: %q, %v", bits, got, err)
		}
	}
}

func TestPackageVectors(t *testing.T) {
	for name, v := range map[string]struct{ info, xml, pack string }{
		"standard": {"03000200240000002400000024000000000000000e66000004800000800000001800000000000000000000005800000010000000000102030405060708090a0b0c0d0e0f4896d0e2b0ce38e745e833a9b3072875140000006957614b3a371fa29c361ee2a43dae68b1e9bc438b3f517fcd34e9f48935ea22", "",
			"14000000000000000d3f9349954cf1aac6875fb15b6048d9b5a4f77e4600db5cafc0d4b33700505a"},
		"agile sha512, 256 bits": {"0400040040000000", `<encryption><keyData blockSize="16" keyBits="256" hashSize="64" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="SHA512" saltSize="16" saltValue="yMnKy8zNzs/Q0dLT1NXW1w=="/>` +
			`<keyEncryptors><keyEncryptor><p:encryptedKey spinCount="1000" blockSize="16" keyBits="256" hashSize="64" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="SHA512" saltSize="16" saltValue="AAECAwQFBgcICQoLDA0ODw=="` +
			` encryptedVerifierHashInput="NOCNEljbOKkSBd7loTTg0A=="` +
			` encryptedVerifierHashValue="Wmt450aQXP+kdTm9MUvjqAKAGiQ7xF/Aa+h0ktX8efd4WWTiEqHPJntStfoW06MsMtR/tarV5JbTM5r/Zbi3rQ=="` +
			` encryptedKeyValue="/cSV/zEZsr3mjxaDgWM4NpS2cFBSFM5A0BN5dUosRnc="/></keyEncryptor></keyEncryptors></encryption>`,
			"14000000000000002ee95e1f524582606d574cd17c7d3204585210b68842556c8d66602b4c09c47f"},
		"agile sha1, 128 bits": {"0400040040000000", `<encryption><keyData blockSize="16" keyBits="128" hashSize="20" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="SHA1" saltSize="16" saltValue="yMnKy8zNzs/Q0dLT1NXW1w=="/>` +
			`<keyEncryptors><keyEncryptor><p:encryptedKey spinCount="1000" blockSize="16" keyBits="128" hashSize="20" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="SHA1" saltSize="16" saltValue="AAECAwQFBgcICQoLDA0ODw=="` +
			` encryptedVerifierHashInput="jlZtmmwb+FIAw5TyNMGBSg=="` +
			` encryptedVerifierHashValue="Lea028XeXIR+mjus8MxGGHsgMMQ8OMgkmqyOvU1K6Z8="` +
			` encryptedKeyValue="gyYyUjtSFNcBjTp7uwgyXA=="/></keyEncryptor></keyEncryptors></encryption>`,
			"14000000000000006ee48243985fe638461af396728418dbb16bdbfe2a4f27c5f50f9c64dab003a8"},
		"agile sha384, 192 bits": {"0400040040000000", `<encryption><keyData blockSize="16" keyBits="192" hashSize="48" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="SHA384" saltSize="16" saltValue="yMnKy8zNzs/Q0dLT1NXW1w=="/>` +
			`<keyEncryptors><keyEncryptor><p:encryptedKey spinCount="7" blockSize="16" keyBits="192" hashSize="48" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="SHA384" saltSize="16" saltValue="AAECAwQFBgcICQoLDA0ODw=="` +
			` encryptedVerifierHashInput="6ticT7DCfDZenx6+j7o/kQ=="` +
			` encryptedVerifierHashValue="jTHZMH2HGm159O8dK7WwgLPmIPUXZbfZ5ThVEYggwnMceotqF8GgyTmAHis4TZPf"` +
			` encryptedKeyValue="/+e5+jFSxdnjmt/AICLInh1X8HT4Zr0pjbRIsTV9fks="/></keyEncryptor></keyEncryptors></encryption>`,
			"140000000000000051c43fedc9dc3c67372d20cf866147bfc40bc178765c1e489151c36b7b9ce408"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := ParseInfo(append(unhex(t, v.info), v.xml...))
			k := mustOpen(t, l, err, vectorPassword)
			pack := unhex(t, v.pack)
			r, plausible, err := k.Package(bytes.NewReader(pack), int64(len(pack)))
			if err != nil || !plausible {
				t.Fatal(plausible, err)
			}
			if got, err := io.ReadAll(r); string(got) != "twenty bytes of text" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}
