package xlm

import "testing"

// Macros as people wrote them before 1995 and as the recorder did: none of them is an alarm.
func TestHonestMacrosAreQuiet(t *testing.T) {
	tests := []struct {
		name  string
		cells []string
	}{
		{"a greeting", []string{`A1: =ALERT("This is a sample Excel 4 macro")`, `A2: =HALT()`}},
		{"the recorder's work", []string{`A1: Record1 (a)`, `A2: =SELECT("R1C1:R5C3")`, `A3: =FORMULA("Total")`, `A4: =SELECT("R[1]C")`, `A5: =FORMULA("=SUM(R[-4]C:R[-1]C)")`,
			`A6: =COPY()`, `A7: =PASTE()`, `A8: =FORMAT.FONT("Arial",12,TRUE)`, `A9: =COLUMN.WIDTH(12)`, `A10: =PRINT(1,,,1,FALSE,FALSE,1)`, `A11: =RETURN()`}},
		{"formulas that are put together", []string{`A1: =FORMULA("=R1C"&B1&"*2","R2C2")`, `A2: =FORMULA.FILL("="&B2&"/100",C1:C20)`, `A3: =RETURN()`, `B1: 4`, `B2: SUM(R1C1:R2C2)`}},
		{"a dialog of their own", []string{`A1: =DIALOG.BOX(F1:L9)`, `A2: =IF(A1=FALSE,GOTO(A9))`, `A3: =IF(L3=1,SET.VALUE(B1,"yes"),SET.VALUE(B1,"no"))`, `A9: =RETURN()`}},
		{"a loop over a list", []string{`A1: =FOR("i",1,100)`, `A2: =FORMULA(INDEX(Sheet1!A1:A100,i)*2,INDEX(Sheet1!B1:B100,i))`, `A3: =NEXT()`, `A4: =RETURN()`}},
		{"a function of their own", []string{`A1: =RESULT(1)`, `A2: =ARGUMENT("net",1)`, `A3: =ARGUMENT("rate",1)`, `A4: =RETURN(net*(1+rate))`}},
		{"a menu", []string{`A1: =ADD.MENU(1,C1:G5)`, `A2: =ON.KEY("^+t","Macro1!R9C1")`, `A3: =ON.TIME(NOW()+"00:10:00","Macro1!R9C1")`, `A4: =RETURN()`, `A9: =BEEP()`, `A10: =RETURN()`}},
		{"opening the books it needs", []string{`A1: =IF(ISERROR(GET.DOCUMENT(1,"PRICES.XLS")))`, `A2: =OPEN("PRICES.XLS",0,TRUE)`, `A3: =END.IF()`, `A4: =OPEN("\\server\share\year.xls")`,
			`A5: =ACTIVATE("PRICES.XLS")`, `A6: =FILE.DELETE("C:\OLD\TEMP.XLS")`, `A7: =SAVE.AS("C:\OUT\REPORT.XLS",1)`, `A8: =FILE.CLOSE(FALSE)`, `A9: =RETURN()`}},
		{"reading a file of numbers", []string{`A1: =FOPEN("C:\DATA\IN.TXT",2)`, `A2: =WHILE(FPOS(A1)<FSIZE(A1))`, `A3: =FORMULA(FREADLN(A1))`, `A4: =SELECT("R[1]C")`, `A5: =NEXT()`, `A6: =FCLOSE(A1)`,
			`A7: =RETURN()`}},
		{"asking Windows", []string{`A1: =CALL("USER","GetSystemMetrics","II",0)`, `A2: =CALL("Kernel32","GetPrivateProfileStringA","JCCCFJC","x","y","",255,"z.ini")`,
			`A3: =REGISTER("KERNEL","GetWindowsDirectory","IFI","WinDir")`, `A4: =RETURN()`}},
		{"the solver add-in", []string{`A1: =RUN("SOLVER.XLA!SolverOk")`, `A2: =CALL("C:\EXCEL\LIBRARY\SOLVER\SOLVER.DLL","Solve","J")`, `A3: =RETURN()`}},
		{"talking to Word", []string{`A1: =INITIATE("WinWord","System")`, `A2: =EXECUTE(A1,"[FileNew .Template = ""NORMAL""]")`, `A3: =POKE(A1,"x",B1)`, `A4: =TERMINATE(A1)`, `A5: =RETURN()`}},
		{"keys", []string{`A1: =SEND.KEYS("%{F4}",TRUE)`, `A2: =SEND.KEYS("{ENTER}")`, `A3: =RETURN()`}},
		{"line ends and quotes by their codes", []string{`A1: =ALERT("a"&CHAR(13)&CHAR(10)&CHAR(34)&B1&CHAR(34))`, `A2: =RETURN()`}},
		{"a version check", []string{`A1: =IF(VALUE(LEFT(GET.WORKSPACE(2),1))<4)`, `A2: =ALERT("Needs version 4")`, `A3: =RETURN()`, `A4: =END.IF()`, `A5: =WORKBOOK.HIDE("Macro1")`,
			`A6: =FORMULA(GET.WORKSPACE(1),B1)`, `A7: =RETURN()`}},
		{"values it remembers on its sheet", []string{`A1: =SET.VALUE(B1,GET.DOCUMENT(1))`, `A2: =FORMULA(ACTIVE.CELL(),B2)`, `A3: =SET.NAME("book",GET.DOCUMENT(2)&"\"&B1)`, `A4: =OPEN(book)`, `A5: =RETURN()`}},
		{"links to other pages", []string{`A1: =HYPERLINK("http://example.com/help","Help")`, `A2: =ALERT("See http://example.com/ for the manual")`, `A3: =RETURN()`}},
		{"its own library, started by hand", []string{`A1: =RETURN()`, `C1: =CALL("MYTOOLS.DLL","Sum3","BBB",1,2)`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := judged(t, bookOf(t, tt.cells...))
			if len(r.Suspicious) > 0 || r.Cut || !r.Present || len(r.Autoexec) != 1 {
				t.Errorf("%+v, cut %v", r.Suspicious, r.Cut)
			}
		})
	}
}

func TestAWorkbookWithoutMacroSheetsHasNoMacros(t *testing.T) {
	w := &Workbook{
		Sheets: []Sheet{{Name: "S", State: Hidden, Cells: []Cell{{Formula: `EXEC("calc")`}, {Row: 1, Value: "powershell"}}}},
		Names:  []Name{{Name: "Auto_Open", Formula: "S!$A$1", Sheet: -1}, {Name: "fmt", Formula: "GET.CELL(6,S!$A$1)", Sheet: -1}, {Name: "e", Formula: "EVALUATE(S!$A$1)", Sheet: -1}},
	}
	if r := judged(t, w); r.Present || r.Hidden != nil || r.Autoexec != nil || r.Suspicious != nil || r.Formulas != nil {
		t.Errorf("%+v", r)
	}
}

func TestANameWhoseMacroWasDeletedStartsNothing(t *testing.T) {
	w := bookOf(t, `A1: =HALT()`)
	for _, formula := range []string{"#REF!", "Macro1!#REF!", ""} {
		w.Names[0].Formula = formula
		if r := judged(t, w); len(r.Autoexec) > 0 {
			t.Errorf("%q: %+v", formula, r.Autoexec)
		}
	}
}

func TestHiddenMacroSheetsAreNamed(t *testing.T) {
	w := &Workbook{Sheets: []Sheet{{Name: "A", Kind: MacroSheet, State: VeryHidden}, {Name: "B", Kind: MacroSheet}, {Name: "C", State: Hidden}, {Name: "D", Kind: MacroSheet, State: Hidden}}}
	if r := judged(t, w); len(r.Hidden) != 2 || r.Hidden[0] != "A" || r.Hidden[1] != "D" {
		t.Errorf("%v", r.Hidden)
	}
}

func TestNamesMayHoldTheWholeMacro(t *testing.T) {
	w := &Workbook{Sheets: []Sheet{{Name: "S"}}, Names: []Name{{Name: "x", Formula: `EXEC("ca"&"lc")`, Sheet: -1, Macro: true}}}
	if r := judged(t, w); !found(r, "EXEC", `EXEC("calc")`) || r.Suspicious[0].Where != "x" {
		t.Errorf("%+v", r.Suspicious)
	}
}

func TestLinksToOtherProgramsAreTold(t *testing.T) {
	w := &Workbook{Sheets: []Sheet{{Name: "S", Cells: []Cell{{Formula: `1+cmd|'/c calc'!A0`}, {Row: 1, Formula: `'a|b'!A1&"x|y!z"`}}}}}
	if r := judged(t, w); len(r.DDE) != 1 || r.DDE[0].Text != `cmd|/c calc!A0` || r.DDE[0].Where != "S!A1" {
		t.Errorf("%+v", r.DDE)
	}
}
