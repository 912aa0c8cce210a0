package rtf

// dest is a destination: where text goes (RTF 1.9.1, "Destinations").
type dest uint8

const (
	destText      dest = iota // the document's visible text
	destSkip                  // nothing of it is shown
	destData                  // \objdata
	destClass                 // \objclass
	destCLSID                 // \oleclsid
	destTemplate              // \template
	destFieldInst             // \fldinst
	destFieldRes              // \fldrslt: visible text, and part of the instruction around it
	destFonts                 // \fonttbl
)

// destinations are the control words that begin a destination, by what we do with it (RTF 1.9.1, appendix B, type "Destination"). Word knows them wherever
// they stand, with \* or without, and at any place of a group. The words that Word was seen to ignore as destinations (\private, \pxe, \rtf) are not in it.
func destinations() map[string]dest {
	m := map[string]dest{
		"objdata": destData, "objclass": destClass, "oleclsid": destCLSID, "template": destTemplate, "fldinst": destFieldInst,
		"fldrslt": destFieldRes, "fonttbl": destFonts,
	}
	for _, w := range shown() {
		m[w] = destText
	}
	for _, w := range hidden() {
		m[w] = destSkip
	}
	return m
}

// shown are the destinations whose text a reader sees.
func shown() []string {
	return []string{
		"annotation", "dptxbxtext", "field", "footer", "footerf", "footerl", "footerr", "footnote", "header", "headerf", "headerl", "headerr",
		"listtext", "nonesttables", "object", "pntext", "result", "shp", "shpgrp", "shprslt", "shptxt", "ud", "moMath", "moMathPara", "mr",
	}
}

// hidden are the other destinations of the specification.
func hidden() []string {
	return []string{
		"aftncn", "aftnsep", "aftnsepc", "atnauthor", "atndate", "atnid", "atnparent", "atnref", "atrfend", "atrfstart", "author", "background",
		"bkmkend", "bkmkstart", "blipuid", "buptim", "category", "colorschememapping", "colortbl", "comment", "company", "creatim", "datafield",
		"datastore", "defchp", "defpap", "do", "doccomm", "docvar", "ebcend", "ebcstart", "factoidname", "falt", "fchars", "ffdeftext",
		"ffentrymcr", "ffexitmcr", "ffformat", "ffhelptext", "ffl", "ffname", "ffstattext", "file", "filetbl", "fldtype", "fontemb", "formfield",
		"ftncn", "ftnsep", "ftnsepc", "g", "generator", "gridtbl", "hl", "hlfr", "hlinkbase", "hlloc", "hlsrc", "hsv", "info", "keywords",
		"latentstyles", "lchars", "levelnumbers", "leveltext", "lfolevel", "linkval", "list", "listlevel", "listname", "listoverride",
		"listoverridetable", "listpicture", "liststylename", "listtable", "lsdlockedexcept", "macc", "maccPr", "mailmerge", "malnScr", "manager",
		"margPr", "margSz", "mbar", "mbarPr", "mbaseJc", "mbegChr", "mborderBox", "mborderBoxPr", "mbox", "mboxPr", "mchr", "mcount", "mctrlPr",
		"md", "mdPr", "mdeg", "mdegHide", "mden", "mdiff", "me", "mendChr", "meqArr", "meqArrPr", "mf", "mfName", "mfPr", "mfunc", "mfuncPr",
		"mgroupChr", "mgroupChrPr", "mgrow", "mhideBot", "mhideLeft", "mhideRight", "mhideTop", "mlim", "mlimLoc", "mlimLow", "mlimLowPr",
		"mlimUpp", "mlimUppPr", "mm", "mmPr", "mmaddfieldname", "mmathPict", "mmaxDist", "mmc", "mmcJc", "mmcPr", "mmconnectstr",
		"mmconnectstrdata", "mmcs", "mmdatasource", "mmheadersource", "mmmailsubject", "mmodso", "mmodsofilter", "mmodsofldmpdata",
		"mmodsomappedname", "mmodsoname", "mmodsorecipdata", "mmodsosort", "mmodsosrc", "mmodsotable", "mmodsoudl", "mmodsoudldata",
		"mmodsouniquetag", "mmquery", "mnary", "mnaryPr", "mnoBreak", "mnum", "moMathParaPr", "mobjDist", "mopEmu", "mphant", "mphantPr",
		"mplcHide", "mpos", "mrPr", "mrad", "mradPr", "msPre", "msPrePr", "msSub", "msSubPr", "msSubSup", "msSubSupPr", "msSup", "msSupPr",
		"msepChr", "mshow", "mshp", "mstrikeBLTR", "mstrikeH", "mstrikeTLBR", "mstrikeV", "msub", "msubHide", "msup", "msupHide", "mtransp",
		"mtype", "mvertJc", "mvfmf", "mvfml", "mvtof", "mvtol", "mzeroAsc", "mzeroDesc", "mzeroWid", "nesttableprops", "objalias", "objname",
		"objsect", "oldcprops", "oldpprops", "oldsprops", "oldtprops", "operator", "panose", "password", "passwordhash", "pgp", "pgptbl",
		"picprop", "pict", "pn", "pnaiu", "pnaiud", "pnseclvl", "pntxta", "pntxtb", "printim", "propname", "protend", "protstart", "protusertbl",
		"revtbl", "revtim", "rxe", "shpinst", "shppict", "sn", "sp", "staticval", "stylesheet", "subject", "sv", "svb", "tc", "themedata",
		"title", "txe", "upr", "userprops", "wgrffmtfilter", "windowcaption", "writereservation", "writereservhash", "xe", "xform",
		"xmlattrname", "xmlattrvalue", "xmlclose", "xmlname", "xmlnstbl", "xmlopen",
	}
}
