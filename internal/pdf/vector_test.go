package pdf_test

// Encryption dictionaries that qpdf wrote for a page of our own.
const vectorID = "<a1656629d3232a11e3f70cb0bdb886a9>"

var vectors = map[string]string{
	"RC4 40": "<< /Filter /Standard /Length 40 /O <0166c3675fd037aee754c6a75bb4d30fd70d9560c6bf33cad06364ae5350e5c9> /P -4 /R 2 /U <31b1c491ca236291988ebe7c8eb79dd6a" +
		"505503d95081864a6f55074f8781a4b> /V 1 >>",
	"RC4 128": "<< /Filter /Standard /Length 128 /O <3d3391db131ba4b8e6059039078fcfc161bec367179c1f800bd4f9f2906fc2c7> /P -4 /R 3 /U <435db21d3fb47c48a448849a334f9424" +
		"0122456a91bae5134273a6db134c87c4> /V 2 >>",
	"AES 128": "<< /CF << /StdCF << /AuthEvent /DocOpen /CFM /AESV2 /Length 16 >> >> /Filter /Standard /Length 128 /O <3d3391db131ba4b8e6059039078fcfc161bec367179c1f8" +
		"00bd4f9f2906fc2c7> /P -4 /R 4 /StmF /StdCF /StrF /StdCF /U <435db21d3fb47c48a448849a334f94240122456a91bae5134273a6db134c87c4> /V 4 >>",
	"AES 256 R5": "<< /CF << /StdCF << /AuthEvent /DocOpen /CFM /AESV3 /Length 32 >> >> /Filter /Standard /Length 256 /O <eb52ebf9cc08c9397398b4c45e5d0cef79dd1de24860b03" +
		"06af051d53a9576477518c8ce3af65320049c83a7529bd533> /OE <02f5544e1cc3587d759db474acd05b83d62ded62ce2fa228f61a482076bccec2> /P -4 /Perms <bed87f6e668878" +
		"4d46f20abe163bd263> /R 5 /StmF /StdCF /StrF /StdCF /U <6a340947f3f7d252733e1ca8dc053b556725dd697376371ad4183ab2b0ed2ed00d4556ee9af24da0b6c381e7df729f7" +
		"d> /UE <04451b3be6033a4dff89c29e05fa22c924af6747f67613f575ceea0ca6948635> /V 5 >>",
	"AES 256 R6": "<< /CF << /StdCF << /AuthEvent /DocOpen /CFM /AESV3 /Length 32 >> >> /Filter /Standard /Length 256 /O <1adedf82b41150d9067c020524012c6e18a06ba1ac98255" +
		"f6d9c75bea20855c7509dcc813a899a0860934c93f6bc79d8> /OE <96d1020ba02624148d9b1ac1bc4ee24ce98882df04f71ff60253da6520efcae8> /P -4 /Perms <721b3869868e19" +
		"00e9a3757100bcb058> /R 6 /StmF /StdCF /StrF /StdCF /U <b5310f5866395b6ad893f30ed25e1fac1ae1ed1061b1299f45184fc415c19170b417ba76fe8f23d76f4a1212ee6d9a4" +
		"4> /UE <a50c194dc6d15748327771f057425cdffe54220e7d503d25e5373d6fe1768416> /V 5 >>",
}
