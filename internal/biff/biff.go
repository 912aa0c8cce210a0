// Package biff reads Excel's binary workbooks as far as macros, links and text go: BIFF2 to BIFF5 and BIFF8 ([MS-XLS] and, for the older
// generations, the records it descends from), and BIFF12 ([MS-XLSB]).
//
// # Limits
//
// (to be written with the code)
package biff

// Cipher decrypts the records of an encrypted workbook (MS-XLS 2.2.10).
type Cipher interface {
	// Decrypt decrypts in place the body of one record; offset is where the body begins in the stream. What stands in clear text
	// (record headers, BOF, FilePass, BoundSheet8.lbPlyPos …) is the caller's business: it is handed in and put back.
	Decrypt(id uint16, offset int64, data []byte)
}

// Options bound a read. The zero value of a field is its default.
type Options struct {
	// FilePass takes the body of the FilePass record (MS-XLS 2.4.117) and returns the cipher of the password that opens the workbook,
	// nil where none does.
	FilePass func(filePass []byte, biff8 bool) Cipher
}
