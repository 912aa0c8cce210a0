package biff

// ftab names the functions by number (MS-XLS 2.5.198.17 Ftab; above 0x017B MS-XLSB 2.5.97.10), "" where there is none.
var ftab = [...]string{
	0x00: "COUNT", "IF", "ISNA", "ISERROR", "SUM", "AVERAGE", "MIN", "MAX", "ROW", "COLUMN", "NA", "NPV", "STDEV", "DOLLAR", "FIXED", "SIN",
	"COS", "TAN", "ATAN", "PI", "SQRT", "EXP", "LN", "LOG10", "ABS", "INT", "SIGN", "ROUND", "LOOKUP", "INDEX", "REPT", "MID",
	0x20: "LEN", "VALUE", "TRUE", "FALSE", "AND", "OR", "NOT", "MOD", "DCOUNT", "DSUM", "DAVERAGE", "DMIN", "DMAX", "DSTDEV", "VAR", "DVAR",
	"TEXT", "LINEST", "TREND", "LOGEST", "GROWTH", "GOTO", "HALT", "RETURN", "PV", "FV", "NPER", "PMT", "RATE", "MIRR", "IRR", "RAND",
	0x40: "MATCH", "DATE", "TIME", "DAY", "MONTH", "YEAR", "WEEKDAY", "HOUR", "MINUTE", "SECOND", "NOW", "AREAS", "ROWS", "COLUMNS",
	"OFFSET", "ABSREF", "RELREF", "ARGUMENT", "SEARCH", "TRANSPOSE", "ERROR", "STEP", "TYPE", "ECHO", "SET.NAME", "CALLER", "DEREF",
	"WINDOWS", "SERIES", "DOCUMENTS", "ACTIVE.CELL", "SELECTION",
	0x60: "RESULT", "ATAN2", "ASIN", "ACOS", "CHOOSE", "HLOOKUP", "VLOOKUP", "LINKS", "INPUT", "ISREF", "GET.FORMULA", "GET.NAME",
	"SET.VALUE", "LOG", "EXEC", "CHAR", "LOWER", "UPPER", "PROPER", "LEFT", "RIGHT", "EXACT", "TRIM", "REPLACE", "SUBSTITUTE", "CODE",
	"NAMES", "DIRECTORY", "FIND", "CELL", "ISERR", "ISTEXT",
	0x80: "ISNUMBER", "ISBLANK", "T", "N", "FOPEN", "FCLOSE", "FSIZE", "FREADLN", "FREAD", "FWRITELN", "FWRITE", "FPOS", "DATEVALUE",
	"TIMEVALUE", "SLN", "SYD", "DDB", "GET.DEF", "REFTEXT", "TEXTREF", "INDIRECT", "REGISTER", "CALL", "ADD.BAR", "ADD.MENU",
	"ADD.COMMAND", "ENABLE.COMMAND", "CHECK.COMMAND", "RENAME.COMMAND", "SHOW.BAR", "DELETE.MENU", "DELETE.COMMAND",
	0xA0: "GET.CHART.ITEM", "DIALOG.BOX", "CLEAN", "MDETERM", "MINVERSE", "MMULT", "FILES", "IPMT", "PPMT", "COUNTA", "CANCEL.KEY", "FOR",
	"WHILE", "BREAK", "NEXT", "INITIATE", "REQUEST", "POKE", "EXECUTE", "TERMINATE", "RESTART", "HELP", "GET.BAR", "PRODUCT", "FACT",
	"GET.CELL", "GET.WORKSPACE", "GET.WINDOW", "GET.DOCUMENT", "DPRODUCT", "ISNONTEXT", "GET.NOTE",
	0xC0: "NOTE", "STDEVP", "VARP", "DSTDEVP", "DVARP", "TRUNC", "ISLOGICAL", "DCOUNTA", "DELETE.BAR", "UNREGISTER",
	0xCC: "USDOLLAR", "FINDB", "SEARCHB", "REPLACEB", "LEFTB", "RIGHTB", "MIDB", "LENB", "ROUNDUP", "ROUNDDOWN", "ASC", "DBCS", "RANK",
	0xDB: "ADDRESS", "DAYS360", "TODAY", "VDB", "ELSE", "ELSE.IF", "END.IF", "FOR.CELL", "MEDIAN", "SUMPRODUCT", "SINH", "COSH", "TANH",
	"ASINH", "ACOSH", "ATANH", "DGET", "CREATE.OBJECT", "VOLATILE", "LAST.ERROR", "CUSTOM.UNDO", "CUSTOM.REPEAT", "FORMULA.CONVERT",
	"GET.LINK.INFO", "TEXT.BOX", "INFO", "GROUP", "GET.OBJECT", "DB", "PAUSE",
	0xFB: "RESUME", "FREQUENCY", "ADD.TOOLBAR", "DELETE.TOOLBAR",
	0x100: "RESET.TOOLBAR", "EVALUATE", "GET.TOOLBAR", "GET.TOOL", "SPELLING.CHECK", "ERROR.TYPE", "APP.TITLE", "WINDOW.TITLE",
	"SAVE.TOOLBAR", "ENABLE.TOOL", "PRESS.TOOL", "REGISTER.ID", "GET.WORKBOOK", "AVEDEV", "BETADIST", "GAMMALN", "BETAINV", "BINOMDIST",
	"CHIDIST", "CHIINV", "COMBIN", "CONFIDENCE", "CRITBINOM", "EVEN", "EXPONDIST", "FDIST", "FINV", "FISHER", "FISHERINV", "FLOOR",
	"GAMMADIST", "GAMMAINV",
	0x120: "CEILING", "HYPGEOMDIST", "LOGNORMDIST", "LOGINV", "NEGBINOMDIST", "NORMDIST", "NORMSDIST", "NORMINV", "NORMSINV",
	"STANDARDIZE", "ODD", "PERMUT", "POISSON", "TDIST", "WEIBULL", "SUMXMY2", "SUMX2MY2", "SUMX2PY2", "CHITEST", "CORREL", "COVAR",
	"FORECAST", "FTEST", "INTERCEPT", "PEARSON", "RSQ", "STEYX", "SLOPE", "TTEST", "PROB", "DEVSQ", "GEOMEAN",
	0x140: "HARMEAN", "SUMSQ", "KURT", "SKEW", "ZTEST", "LARGE", "SMALL", "QUARTILE", "PERCENTILE", "PERCENTRANK", "MODE", "TRIMMEAN",
	"TINV",
	0x14E: "MOVIE.COMMAND", "GET.MOVIE", "CONCATENATE", "POWER", "PIVOT.ADD.DATA", "GET.PIVOT.TABLE", "GET.PIVOT.FIELD",
	"GET.PIVOT.ITEM", "RADIANS", "DEGREES", "SUBTOTAL", "SUMIF", "COUNTIF", "COUNTBLANK", "SCENARIO.GET", "OPTIONS.LISTS.GET", "ISPMT",
	"DATEDIF",
	0x160: "DATESTRING", "NUMBERSTRING", "ROMAN", "OPEN.DIALOG", "SAVE.DIALOG", "VIEW.GET", "GETPIVOTDATA", "HYPERLINK", "PHONETIC",
	"AVERAGEA", "MAXA", "MINA", "STDEVPA", "VARPA", "STDEVA", "VARA", "BAHTTEXT", "THAIDAYOFWEEK", "THAIDIGIT", "THAIMONTHOFYEAR",
	"THAINUMSOUND", "THAINUMSTRING", "THAISTRINGLENGTH", "ISTHAIDIGIT", "ROUNDBAHTDOWN", "ROUNDBAHTUP", "THAIYEAR", "RTD", "CUBEVALUE",
	"CUBEMEMBER", "CUBEMEMBERPROPERTY", "CUBERANKEDMEMBER",
	0x180: "HEX2BIN", "HEX2DEC", "HEX2OCT", "DEC2BIN", "DEC2HEX", "DEC2OCT", "OCT2BIN", "OCT2HEX", "OCT2DEC", "BIN2DEC", "BIN2OCT",
	"BIN2HEX", "IMSUB", "IMDIV", "IMPOWER", "IMABS", "IMSQRT", "IMLN", "IMLOG2", "IMLOG10", "IMSIN", "IMCOS", "IMEXP", "IMARGUMENT",
	"IMCONJUGATE", "IMAGINARY", "IMREAL", "COMPLEX", "IMSUM", "IMPRODUCT", "SERIESSUM", "FACTDOUBLE",
	0x1A0: "SQRTPI", "QUOTIENT", "DELTA", "GESTEP", "ISEVEN", "ISODD", "MROUND", "ERF", "ERFC", "BESSELJ", "BESSELK", "BESSELY", "BESSELI",
	"XIRR", "XNPV", "PRICEMAT", "YIELDMAT", "INTRATE", "RECEIVED", "DISC", "PRICEDISC", "YIELDDISC", "TBILLEQ", "TBILLPRICE",
	"TBILLYIELD", "PRICE", "YIELD", "DOLLARDE", "DOLLARFR", "NOMINAL", "EFFECT", "CUMPRINC",
	0x1C0: "CUMIPMT", "EDATE", "EOMONTH", "YEARFRAC", "COUPDAYBS", "COUPDAYS", "COUPDAYSNC", "COUPNCD", "COUPNUM", "COUPPCD", "DURATION",
	"MDURATION", "ODDLPRICE", "ODDLYIELD", "ODDFPRICE", "ODDFYIELD", "RANDBETWEEN", "WEEKNUM", "AMORDEGRC", "AMORLINC", "CONVERT",
	"ACCRINT", "ACCRINTM", "WORKDAY", "NETWORKDAYS", "GCD", "MULTINOMIAL", "LCM", "FVSCHEDULE", "CUBEKPIMEMBER", "CUBESET",
	"CUBESETCOUNT",
	0x1E0: "IFERROR", "COUNTIFS", "SUMIFS", "AVERAGEIF", "AVERAGEIFS",
}

// userFunction is the number of a call of a function by name: the name is the first argument (MS-XLS 2.5.198.63).
const userFunction = 0xFF

// fixedArgs is how many arguments the functions take that stand in PtgFunc (MS-XLS 2.5.198.62); those that are not listed take none.
var fixedArgs = [...]uint8{
	0x02: 1, 1, // ISNA
	0x0F: 1, 1, 1, 1, // SIN
	0x14: 1, 1, 1, 1, 1, 1, 1, 2, // SQRT … ROUND
	0x1E: 2, 3, 1, 1, // REPT, MID, LEN, VALUE
	0x26: 1, 2, 3, 3, 3, 3, 3, 3, // NOT, MOD, DCOUNT … DSTDEV
	0x2F: 3, 2, // DVAR, TEXT
	0x35: 1,             // GOTO
	0x3D: 3,             // MIRR
	0x41: 3, 3, 1, 1, 1, // DATE, TIME, DAY, MONTH, YEAR
	0x47: 1, 1, 1, // HOUR, MINUTE, SECOND
	0x4B: 1, 1, 1, // AREAS, ROWS, COLUMNS
	0x4F: 2, 2, // ABSREF, RELREF
	0x53: 1,       // TRANSPOSE
	0x56: 1,       // TYPE
	0x5A: 1,       // DEREF
	0x61: 2, 1, 1, // ATAN2, ASIN, ACOS
	0x69: 1,          // ISREF
	0x6F: 1, 1, 1, 1, // CHAR, LOWER, UPPER, PROPER
	0x75: 2, 1, 4, // EXACT, TRIM, REPLACE
	0x79: 1,                // CODE
	0x7E: 1, 1, 1, 1, 1, 1, // ISERR … N
	0x85: 1, 1, 1, 2, 2, 2, // FCLOSE, FSIZE, FREADLN, FREAD, FWRITELN, FWRITE
	0x8C: 1, 1, 3, 4, // DATEVALUE, TIMEVALUE, SLN, SYD
	0xA2: 1, 1, 1, 2, // CLEAN, MDETERM, MINVERSE, MMULT
	0xAC: 1,             // WHILE
	0xAF: 2, 2, 3, 2, 1, // INITIATE, REQUEST, POKE, EXECUTE, TERMINATE
	0xB8: 1,    // FACT
	0xBD: 3, 1, // DPRODUCT, ISNONTEXT
	0xC3: 3, 3, // DSTDEVP, DVARP
	0xC6: 1, 3, // ISLOGICAL, DCOUNTA
	0xC9: 1,                // UNREGISTER
	0xCF: 4,                // REPLACEB
	0xD2: 3, 1, 2, 2, 1, 1, // MIDB, LENB, ROUNDUP, ROUNDDOWN, ASC, DBCS
	0xE5: 1, 1, 1, 1, 1, 1, 3, // SINH … ATANH, DGET
	0xF4:  1,                                                                                                                                  // INFO
	0xFC:  2,                                                                                                                                  // FREQUENCY
	0x101: 1,                                                                                                                                  // EVALUATE
	0x105: 1,                                                                                                                                  // ERROR.TYPE
	0x10F: 1,                                                                                                                                  // GAMMALN
	0x111: 4, 2, 2, 2, 3, 3, 1, 3, 3, 3, 1, 1, 2, 4, 3, 2, 4, 3, 3, 3, 4, 1, 3, 1, 3, 1, 2, 3, 3, 4, 2, 2, 2, 2, 2, 2, 3, 2, 2, 2, 2, 2, 2, 4, // BINOMDIST … TTEST
	0x145: 2, 2, 2, 2, // LARGE, SMALL, QUARTILE, PERCENTILE
	0x14B: 2, 2, // TRIMMEAN, TINV
	0x151: 2,    // POWER
	0x156: 1, 1, // RADIANS, DEGREES
	0x15A: 2, 1, // COUNTIF, COUNTBLANK
	0x15E: 4, 3, 1, 2, // ISPMT, DATEDIF, DATESTRING, NUMBERSTRING
	0x168: 1,                               // PHONETIC
	0x170: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, // BAHTTEXT … THAIYEAR
	0x17E: 3,    // CUBEMEMBERPROPERTY
	0x181: 1,    // HEX2DEC
	0x188: 1, 1, // OCT2DEC, BIN2DEC
	0x18C: 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, // IMSUB, IMDIV, IMPOWER, IMABS … IMREAL
	0x19E: 4, 1, 1, 2, // SERIESSUM, FACTDOUBLE, SQRTPI, QUOTIENT
	0x1A4: 1, 1, 2, // ISEVEN, ISODD, MROUND
	0x1A8: 1, 2, 2, 2, 2, // ERFC, BESSEL…
	0x1AE: 3,       // XNPV
	0x1B6: 3, 3, 3, // TBILL…
	0x1BB: 2, 2, 2, 2, 6, 6, 2, 2, // DOLLARDE, DOLLARFR, NOMINAL, EFFECT, CUMPRINC, CUMIPMT, EDATE, EOMONTH
	0x1D0: 2, // RANDBETWEEN
	0x1D4: 3, // CONVERT
	0x1DC: 2, // FVSCHEDULE
	0x1DF: 1, // CUBESETCOUNT
	0x1E0: 2, // IFERROR
}

// function returns the name of a function, and the number of its arguments where it is fixed.
func function(n int) (name string, args int, ok bool) {
	if n < 0 || n >= len(ftab) || ftab[n] == "" {
		return "", 0, false
	}
	if n < len(fixedArgs) {
		args = int(fixedArgs[n])
	}
	return ftab[n], args, true
}

// command returns the name of a macro command.
func command(n int) (string, bool) {
	if n < 0 || n >= len(cetab) || cetab[n] == "" {
		return "", false
	}
	return cetab[n], true
}
