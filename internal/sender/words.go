package sender

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// The words of display names that are not the person. They are compared folded: lower case, without accents.
var (
	// titles stand before or after a name. One is taken off while two words stay: some are names as well (Chan, Ma, Don).
	titles = words(`
		dr mr mrs ms miss mx prof professor sir madam dame lord rev reverend hon capt sgt jr sr ii iii iv esq phd ph md mba msc bsc cpa pmp llm
		herr frau fraulein dipl ing rer nat habil med phil mag lic mgr inz mudr rndr judr csc univ bed beng
		m mme mlle monsieur madame mademoiselle me maitre sr sra srta don dona senor senora sig signor signora dott dottssa avv rag geom arch
		pan pani dhr mevr mevrouw fru hr ceo cto cfo coo manager director president chairman chief engineer secretary receptionist`)

	// forms are the titles that make one word a way to address somebody ("Herr Müller"), never a name.
	forms = words("mr mrs ms miss dr prof professor herr frau sir madam mme mlle monsieur madame mademoiselle senor senora signor signora")

	// honorifics stand behind a name. Some are names as well.
	honorifics = words("san sama sensei kun chan shi")

	// roles are what is beside a name for the post: dropped before a name, and no person when alone.
	roles = words(`
		info information sales marketing admin administrator administration postmaster webmaster hostmaster abuse noreply reply donotreply
		mailer daemon system systems notification notifications notify alert alerts news newsletter newsletters mailing service services customer
		care help helpdesk desk support billing invoice invoices payment payments account accounts accounting finance office team staff
		group department dept division div section hr human resources recruiting recruitment recruit jobs job career careers contact enquiries inquiry order orders
		shop store market online web webinar secretariat reception engineering
		development developer developers purchasing procurement logistics legal press media public relations export import
		kundenservice kundendienst kundenbetreuung buchhaltung rechnung rechnungen vertrieb einkauf verwaltung sekretariat abteilung versand leitung
		geschaftsfuhrung personal commercial comptabilite facturation accueil ventas compras administracion contabilidad facturacion atencion
		soporte amministrazione commerciale ufficio vendite acquisti segreteria biuro ksiegowosc sprzedaz financeiro vendas contato contacto kontakt
		scanner printer copier fax voicemail root cron backup server bot auto automatic test`)

	// organisations make what they stand in an organisation.
	organisations = words(`
		bank insurance university universitat universite universidad college school academy hospital clinic hotel restaurant club association institute
		institut foundation committee council center centre international technologies technology solutions software consulting
		industries trading holdings holding partners magazine journal daily weekly report reports update updates digest list members
		membership events event conference forum community project cloud security airlines bookings travel tours studio studios
		verein stadt praxis kanzlei verlag gmbh societe mairie ecole banque assurance cliente clientes banco banca
		google microsoft amazon apple facebook linkedin twitter dropbox docusign paypal adobe zoom slack github gitlab jira atlassian
		docs drive calendar teams outlook sharepoint onedrive exchange`)

	// legalForms end, or begin, the name of a company.
	legalForms = words(`
		inc incorporated corp corporation co company ltd limited llc llp lp plc pty pte kk gk gmbh ag kg ohg ug mbh se ev
		sa sas sarl srl spa snc bv nv oy oyj ab as asa aps sl slu lda ltda sro doo dd kft zrt nyrt bhd sdn pt tbk`)

	// services write for people: sharing, signing, calendars. Only beside a name.
	services = words(`
		docs drive calendar forms google dropbox box onedrive sharepoint share fileshare teams zoom webex slack docusign sign transfer wetransfer
		trello asana notion github gitlab jira confluence backlog chatwork linkedin facebook evernote canva figma meet keep wiki
		cybozu kintone garoon`)
)

// cjkTitles are taken off the end of a name, the longest first.
var cjkTitles = byLast(`
	代表取締役社長 代表取締役会長 代表取締役 常務取締役 専務取締役 取締役社長 執行役員 副本部長 副事業部長 事業部長 事業所長 営業所長 営業部長 総務部長 経理部長 人事部長
	営業課長 総務課長 経理課長 人事課長 准教授 副社長 副部長 副課長 副支店長 副店長 支店長 支社長 本部長 部長代理 課長代理 部長補佐 課長補佐 取締役 監査役
	相談役 総支配人 支配人 名誉教授 特任教授 主任研究員 研究員 弁護士 税理士 会計士 司法書士 行政書士 社労士 建築士 弁理士 事務局長 工場長 研究所長
	社長 会長 専務 常務 部長 次長 課長 係長 室長 局長 所長 店長 主任 主査 主幹 主席 班長 工長 顧問 理事長 理事 院長 園長 校長 教授 講師 助教 助手 先生 博士
	医師 教諭 議員 署長 区長 市長 町長 村長 さま さん くん ちゃん 様 殿 氏 君 先輩 御中
	总经理 经理 主管 女士 小姐 老师 總經理 經理 老師
	대표이사 부사장 사장님 부장님 과장님 대리님 팀장님 교수님 선생님 사장 부장 차장 과장 대리 사원 대표 이사 팀장 교수 박사 님 씨 드림`)

// cjkCompany make a word the name of a company wherever they stand in it.
const cjkCompany = `
	株式会社 有限会社 合同会社 合資会社 合名会社 一般社団法人 公益社団法人 一般財団法人 公益財団法人 社団法人 財団法人 学校法人 医療法人 社会福祉法人 宗教法人 独立行政法人 法人
	有限公司 股份 公司 集团 주식회사 유한회사`

// cjkMarks are the same as one sign or in brackets, folded.
var cjkMarks = []string{"(株)", "(有)", "(同)", "(資)", "(社)", "(財)", "(学)", "(医)", "(福)", "(独)", "(주)", "(유)"}

// cjkRoles make a word a post or an organisation: no person is called so.
const cjkRoles = `
	営業 総務 経理 人事 開発 技術 製造 購買 法務 企画 広報 管理 業務 情報 資材 品質 財務 会計 調達 物流 配送 出荷 生産 設計 工務 監査 秘書 採用 宣伝 販売 販促 事業 海外 国内 貿易
	事務 担当 窓口 受付 係員 支店 支社 本社 本店 工場 営業所 事業所 出張所 研究所 製作所 センター サポート サービス カスタマー ショップ ストア システム チーム グループ お客様 お客さま
	お知らせ おしらせ 通知 配信 送信 自動 案内 連絡 編集 事務局 運営 運用 委員会 協会 協同 組合 連合 機構 財団 学会 学園 大学 高校 高等 中学校 小学校 学校 幼稚 保育 病院 医院 歯科 薬局 銀行 信用 信金
	証券 保険 生命 火災 損保 電力 電機 電気 電工 工業 工務店 産業 商事 商会 商店 物産 建設 運輸 通運 鉄道 航空 郵便 新聞 放送 出版 印刷 製菓 食品 製薬 化学 化成 重工 自動車 不動産 百貨 市場 旅館 ホテル
	市役所 役場 区役所 県庁 税務 警察 消防 裁判 年金 国税 厚生 総合 株主 会員 求人 予約 注文 請求 見積 重要 緊急 速報 便り だより 技研 精機 製鉄 製鋼 石油 ガス 水道 交通 観光 旅行 書店 書房 文庫 酒造 醸造 農協 漁協 水産 電子 通信 通商 興業 興産 実業 企業 倉庫 住宅 地所 設備 塗装 板金 鉄工 木材 建材
	建築 ニュース メール マガジン
	客服 客户 服务 销售 财务 部门 中心 系统 通知 고객 서비스 센터 지원 영업 총무 경리 은행 전자 회사`

// companyForms are the same, to be looked up.
var companyForms = words(cjkCompany)

// cjkOthers are the words of both lists by their first sign.
var cjkOthers = byFirst(cjkCompany + cjkRoles)

// cjkEnds are signs with which departments, authorities and shops end, and given names do not.
const cjkEnds = "部課係局庁署店館院校社組団庫屋者員会室所科팀"

func words(list string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(list) {
		m[w] = true
	}
	return m
}

// byFirst sorts words by their first sign, byLast by their last one; the longest stands first.
func byFirst(list string) map[rune][]string {
	m := map[rune][]string{}
	for _, w := range strings.Fields(list) {
		r, _ := utf8.DecodeRuneInString(w)
		m[r] = append(m[r], w)
	}
	return m
}

func byLast(list string) map[rune][]string {
	m := map[rune][]string{}
	for _, w := range strings.Fields(list) {
		r, _ := utf8.DecodeLastRuneInString(w)
		m[r] = append(m[r], w)
	}
	for _, l := range m {
		slices.SortStableFunc(l, func(a, b string) int { return len(b) - len(a) })
	}
	return m
}
