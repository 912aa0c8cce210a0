package address

import "strings"

// provider reports whether strangers to each other have addresses in a registrable domain: free mail, access and mobile providers, hosters
// that give customers a name below their own, and services that write for anybody.
func provider(org string) bool {
	if providers[org] {
		return true
	}
	name, _, _ := strings.Cut(org, ".")
	return everywhere[name]
}

// everywhere are providers with one domain a country (yahoo.co.jp, yahoo.fr). Another's domain of that name loses no more than being known as a whole.
var everywhere = list(`yahoo ymail rocketmail hotmail outlook live msn gmail googlemail gmx yandex aol icloud protonmail proton tutanota rediffmail lycos tiscali terra
	wanadoo chello tele2 freenet mailinator yopmail guerrillamail fastmail zoho`)

var providers = list(`
	me.com mac.com passport.com windowslive.com hey.com zohomail.com tuta.io tutamail.com tuta.com keemail.me mail.com email.com usa.com europe.com asia.com
	consultant.com engineer.com lawyer.com doctor.com post.com techie.com writeme.com onmicrosoft.com pm.me hushmail.com hush.com inbox.com excite.com duck.com
	mailfence.com runbox.com riseup.net disroot.org startmail.com countermail.com posteo.net posteo.org mozmail.com simplelogin.com anonaddy.com pobox.com myway.com
	aim.com love.com netscape.net netscape.com compuserve.com cs.com facebook.com bigfoot.com juno.com netzero.net netzero.com lavabit.com skiff.com 10minutemail.com
	sharklasers.com temp-mail.org trashmail.com getnada.com maildrop.cc

	docomo.ne.jp mopera.net mopera.ne.jp ezweb.ne.jp au.com auone.jp auone-net.jp dion.ne.jp tu-ka.ne.jp uqmobile.jp softbank.ne.jp softbank.jp vodafone.ne.jp disney.ne.jp
	ymobile.ne.jp ymobile1.ne.jp y-mobile.ne.jp emobile.ne.jp emobile-s.ne.jp emobile.jp emnet.ne.jp willcom.com pdx.ne.jp wcm.ne.jp rakuten.jp rakumail.jp mineo.jp iijmio-mail.jp
	jp-c.ne.jp jp-d.ne.jp jp-h.ne.jp jp-k.ne.jp jp-n.ne.jp jp-q.ne.jp jp-r.ne.jp jp-s.ne.jp jp-t.ne.jp
	ocn.ne.jp nifty.com nifty.ne.jp biglobe.ne.jp mesh.ad.jp so-net.ne.jp so-net.jp plala.or.jp odn.ne.jp odn.ad.jp iij4u.or.jp asahi-net.or.jp hi-ho.ne.jp dti.ne.jp
	infoweb.ne.jp wakwak.com bbexcite.jp excite.co.jp excite.jp goo.ne.jp goo.jp infoseek.jp infoseek.co.jp livedoor.com freemail.ne.jp nttpc.ne.jp sphere.ne.jp tiki.ne.jp
	commufa.jp ctc.co.jp pikara.ne.jp stnet.ne.jp megaegg.ne.jp enjoy.ne.jp bbiq.jp qtnet.ne.jp eonet.ne.jp zaq.ne.jp home.ne.jp jcom.ne.jp itscom.net itscom.jp toshima.ne.jp
	tokai.or.jp t-com.ne.jp tnc.ne.jp thn.ne.jp cnc.jp catv.ne.jp ttv.ne.jp ybb.ne.jp bbtec.net interlink.or.jp sannet.ne.jp alpha-net.ne.jp highway.ne.jp mbn.or.jp
	nsk.ne.jp coralnet.or.jp spacelan.ne.jp fctv.ne.jp ucom.ne.jp spaaqs.ne.jp cyberhome.ne.jp point.ne.jp gmobb.jp interq.or.jp bekkoame.ne.jp rim.or.jp din.or.jp gol.com dream.com
	kcn.ne.jp kcn.jp starcat.ne.jp katch.ne.jp medias.ne.jp ccnw.ne.jp cty-net.ne.jp mctv.ne.jp ztv.ne.jp orihime.ne.jp tees.ne.jp wbs.ne.jp across.or.jp bai.ne.jp sensyu.ne.jp
	janis.or.jp avis.ne.jp valley.ne.jp wind.ne.jp scn-net.ne.jp netlaputa.ne.jp c-able.ne.jp urban.ne.jp fch.ne.jp e-catv.ne.jp dokidoki.ne.jp synapse.ne.jp
	miyazaki-catv.ne.jp btvm.ne.jp nirai.ne.jp ii-okinawa.ne.jp cosmos.ne.jp octv.ne.jp potato.ne.jp ncv.ne.jp omn.ne.jp michinoku.ne.jp kitanet.ne.jp fsinet.or.jp
	sakura.ad.jp lolipop.jp heteml.jp xsrv.jp xserver.jp kagoya.net kagoya.jp cpi.ad.jp bizmw.com bizmail.jp secure.ne.jp

	qq.com foxmail.com 163.com 126.com yeah.net 188.com netease.com sina.com sina.cn sina.com.cn sohu.com tom.com 21cn.com aliyun.com 139.com 189.cn wo.cn wo.com.cn
	263.net 263.net.cn chinaren.com naver.com daum.net hanmail.net kakao.com nate.com empal.com hanmir.com korea.com dreamwiz.com paran.com lycos.co.kr chol.com
	pchome.com.tw hinet.net seed.net.tw xuite.net url.com.tw giga.net.tw netvigator.com hkbn.net singnet.com.sg starhub.net.sg pacific.net.sg streamyx.com tm.net.my
	pldtdsl.net globe.com.ph vnn.vn fpt.vn telkom.net plasa.com

	web.de t-online.de arcor.de online.de onlinehome.de vodafone.de vodafonemail.de 1und1.de mail.de email.de posteo.de mailbox.org kabelmail.de unitybox.de unity-mail.de ewetel.net
	ewe.net netcologne.de osnanet.de versanet.de alice-dsl.net alice.de o2mail.de o2online.de kabelbw.de htp-tel.de ok.de firemail.de emailn.de directbox.com
	bluewin.ch hispeed.ch sunrise.ch swissonline.ch bluemail.ch green.ch a1.net aon.at utanet.at inode.at kabsi.at drei.at liwest.at
	orange.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr numericable.fr noos.fr club-internet.fr voila.fr cegetel.net 9online.fr aliceadsl.fr caramail.com bouygtel.fr nordnet.fr
	libero.it virgilio.it alice.it tim.it tin.it iol.it inwind.it blu.it fastwebnet.it pec.it aruba.it arubapec.it legalmail.it poste.it vodafone.it email.it supereva.it interfree.it
	btinternet.com btopenworld.com btconnect.com talk21.com virginmedia.com virgin.net ntlworld.com sky.com talktalk.net talktalk.co.uk blueyonder.co.uk plus.net plus.com o2.co.uk
	freeserve.co.uk demon.co.uk zen.co.uk madasafish.com onetel.com eircom.net eir.ie upcmail.ie
	telenet.be skynet.be proximus.be scarlet.be voo.be brutele.be belgacom.net ziggo.nl kpnmail.nl kpnplanet.nl planet.nl xs4all.nl hetnet.nl home.nl upcmail.nl casema.nl quicknet.nl
	zonnet.nl solcon.nl caiway.nl pt.lu internet.lu vo.lu
	telia.com comhem.se bredband.net bredband2.com spray.se online.no broadpark.no getmail.no frisurf.no tdcadsl.dk mail.dk jubii.dk stofanet.dk youmail.dk tele.dk ofir.dk
	elisanet.fi kolumbus.fi luukku.com suomi24.fi inet.fi saunalahti.fi dnainternet.net simnet.is hot.ee online.ee inbox.lv apollo.lv inbox.lt takas.lt
	telefonica.net movistar.es ono.com euskaltel.net orange.es ya.com jazztel.es mundo-r.com hispavista.com sapo.pt netcabo.pt clix.pt iol.pt meo.pt otenet.gr forthnet.gr in.gr freemail.gr
	mail.ru bk.ru inbox.ru list.ru internet.ru rambler.ru lenta.ru myrambler.ru autorambler.ru ro.ru ya.ru pochta.ru narod.ru ngs.ru km.ru ukr.net i.ua meta.ua bigmir.net email.ua tut.by
	seznam.cz email.cz centrum.cz atlas.cz post.cz volny.cz quick.cz azet.sk zoznam.sk centrum.sk post.sk stonline.sk wp.pl o2.pl onet.pl onet.eu op.pl vp.pl interia.pl
	interia.eu poczta.fm tlen.pl gazeta.pl home.pl neostrada.pl go2.pl spoko.pl buziaczek.pl
	abv.bg mail.bg dir.bg citromail.hu freemail.hu t-online.hu upcmail.hu indamail.hu siol.net email.si t-2.net net.hr optinet.hr inet.hr home.ro rdslink.ro clicknet.ro mynet.com ttmail.com superonline.com
	turk.net

	comcast.net xfinity.com verizon.net att.net sbcglobal.net bellsouth.net pacbell.net swbell.net ameritech.net prodigy.net snet.net charter.net spectrum.net cox.net earthlink.net mindspring.com
	optonline.net optimum.net frontier.com frontiernet.net windstream.net rr.com roadrunner.com twc.com centurylink.net centurytel.net embarqmail.com qwest.net q.com suddenlink.net cableone.net
	mchsi.com wowway.com rcn.com tds.net ptd.net fuse.net hughes.net wildblue.net consolidated.net shaw.ca rogers.com bell.net bell.ca sympatico.ca telus.net videotron.ca cogeco.ca eastlink.ca
	sasktel.net mts.net
	bigpond.com bigpond.net.au telstra.com optusnet.com.au iinet.net.au tpg.com.au westnet.com.au on.net ozemail.com.au iprimus.com.au dodo.com.au aapt.net.au xtra.co.nz slingshot.co.nz
	orcon.net.nz vodafone.co.nz
	uol.com.br bol.com.br ig.com.br globo.com globomail.com oi.com.br r7.com zipmail.com.br superig.com.br veloxmail.com.br prodigy.net.mx infinitummail.com fibertel.com.ar arnet.com.ar
	speedy.com.ar ciudad.com.ar vtr.net entelchile.net une.net.co cantv.net adinet.com.uy
	sify.com indiatimes.com vsnl.net vsnl.com airtelmail.in bsnl.in bsnl.co.in mtnl.net.in in.com india.com sancharnet.in
	walla.com walla.co.il netvision.net.il bezeqint.net 012.net.il zahav.net.il emirates.net.ae eim.ae maktoob.com mweb.co.za telkomsa.net webmail.co.za vodamail.co.za absamail.co.za iafrica.com

	googlegroups.com groups.io freelists.org yahoogroups.com yahoogroups.jp freeml.com sourceforge.net zendesk.com freshdesk.com atlassian.net cybozu.com kintone.com
	amazonses.com sendgrid.net mailgun.org mandrillapp.com mcsv.net sparkpostmail.com
`)

func list(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}
