package main

import "strings"

// cause names why something at the counter is not well, in one word that stays:
// in the JSON of `posd check`, in the table of systemd/FAULTS.md.
type cause string

// advice says what a cause means and what to do next, to whoever stands at the counter.
// UNIT in it stands for the counter's own unit.
type advice struct{ en, fr, zh string }

// in returns the advice in a language of the shop, English where there is none, about the
// counter of a unit.
func (a advice) in(language, unit string) string {
	words := a.en
	switch {
	case strings.HasPrefix(language, "fr"):
		words = a.fr
	case strings.HasPrefix(language, "zh"):
		words = a.zh
	}
	return strings.ReplaceAll(words, "UNIT", strings.TrimSuffix(unit, ".service"))
}

// Causes that several devices share: what is wrong with a line.
const (
	lineAbsent    cause = "line-absent"
	lineForbidden cause = "line-forbidden"
	lineHeld      cause = "line-held"
	lineNoDevice  cause = "line-no-device"
	hostUnknown   cause = "host-unknown"
	hostRefuses   cause = "host-refuses"
	hostAway      cause = "host-away"
)

// Causes of one device each.
const (
	terminalSilent cause = "terminal-silent"
	terminalSpeed  cause = "terminal-speed"
	terminalOther  cause = "terminal-other"
	cablesSwapped  cause = "cables-swapped"
	displaySilent  cause = "display-silent"
	displaySpeed   cause = "display-speed"
	displayFlaw    cause = "display-flaw"
	displayNoCode  cause = "display-no-code"
	printerPaper   cause = "printer-paper"
	printerLow     cause = "printer-low"
	printerCover   cause = "printer-cover"
	printerStopped cause = "printer-stopped"
	printerSilent  cause = "printer-silent"
	scannerSilent  cause = "scanner-silent"

	gatewayDNS       cause = "dns"
	gatewayConnect   cause = "connect"
	gatewayTLS       cause = "tls"
	gatewayTimeout   cause = "timeout"
	gatewayPortal    cause = "portal"
	gatewayServer    cause = "server"
	gatewayThrottled cause = "throttled"
	gatewayKey       cause = "key"
	gatewayClock     cause = "clock"
	gatewayOther     cause = "gateway-words"
	keyMissing       cause = "key-missing"
	keyForm          cause = "key-form"

	journalLocked    cause = "journal-locked"
	journalDamaged   cause = "journal-damaged"
	journalForeign   cause = "journal-foreign"
	journalNewer     cause = "journal-newer"
	journalForbidden cause = "journal-forbidden"
	diskFull         cause = "disk-full"
	diskReadOnly     cause = "disk-read-only"
	diskRefuses      cause = "disk-refuses"

	copyAbsent   cause = "copy-absent"
	copySameDisk cause = "copy-same-disk"
	copyLate     cause = "copy-late"
	copyFailed   cause = "copy-failed"

	daemonOther   cause = "daemon-other"
	unitDown      cause = "unit-down"
	unitOff       cause = "unit-off"
	unitSoft      cause = "unit-soft"
	unitUnwatched cause = "unit-unwatched"
	unitRestarts  cause = "unit-restarts"
	unitFailed    cause = "unit-failed"
	userGroup     cause = "user-group"
	clockUnset    cause = "clock-unset"
	clockFree     cause = "clock-free"
	accessOpen    cause = "access-open"
	unknownCause  cause = "other"
)

// advices holds every cause.
var advices = map[cause]advice{
	lineAbsent: {"Nothing is plugged in under this name. Put the cable in; `posd devices` lists what is there.",
		"Rien n'est branché sous ce nom. Branchez le câble ; `posd devices` montre ce qui est là.",
		"此名称下没有接入设备。请插好线缆；`posd devices` 会列出现有设备。"},
	lineForbidden: {"posd may not open this line. Add its group to SupplementaryGroups= of the unit (dialout for serial lines, lp for printers), then restart posd.",
		"posd n'a pas le droit d'ouvrir cette ligne. Ajoutez son groupe à SupplementaryGroups= de l'unité (dialout pour le série, lp pour l'imprimante), puis redémarrez posd.",
		"posd 无权打开此线路。请把其用户组加入单元的 SupplementaryGroups=（串口为 dialout，打印机为 lp），然后重启 posd。"},
	lineHeld: {"Another program has this line. Stop that program, or give each its own line.",
		"Un autre programme tient cette ligne. Arrêtez-le, ou donnez à chacun sa ligne.",
		"此线路被其他程序占用。请停止该程序，或为每个程序使用单独的线路。"},
	lineNoDevice: {"What has this name is a file and no device. Correct `line` in the configuration.",
		"Ce nom désigne un fichier et non un appareil. Corrigez `line` dans la configuration.",
		"此名称是文件而不是设备。请改正配置中的 `line`。"},
	hostUnknown: {"The device's network name is not known. Write its address instead, and give it a fixed one in the router.",
		"Le nom réseau de l'appareil est inconnu. Écrivez plutôt son adresse, et fixez-la dans le routeur.",
		"找不到该设备的网络名称。请改用 IP 地址，并在路由器中设为固定地址。"},
	hostRefuses: {"The address answers, but nobody listens on this port. Check the port, and that the device is set to TCP.",
		"L'adresse répond, mais rien n'écoute sur ce port. Vérifiez le port, et que l'appareil est réglé sur TCP.",
		"该地址有响应，但端口上无程序监听。请检查端口，并确认设备已设为 TCP。"},
	hostAway: {"The address does not answer. Is the device switched on, on this network, and still at this address?",
		"L'adresse ne répond pas. L'appareil est-il allumé, sur ce réseau, et toujours à cette adresse ?",
		"该地址没有响应。设备是否开机、是否在本网络、地址是否已改变？"},

	terminalSilent: {"The terminal does not answer: it is off, asleep, in a menu, or set to another way of communicating. Wake it, go to its start screen, and check its ECR settings.",
		"Le terminal ne répond pas : éteint, en veille, dans un menu, ou réglé sur un autre mode de communication. Réveillez-le, revenez à l'écran d'accueil, vérifiez ses réglages ECR.",
		"刷卡机没有应答：可能关机、休眠、停在菜单，或通讯方式不同。请唤醒并回到主界面，检查 ECR 设置。"},
	terminalSpeed: {"The terminal answers at another speed. Set `baud` in [terminal] to the speed that was found, or change the terminal's.",
		"Le terminal répond à une autre vitesse. Mettez dans [terminal] `baud` la vitesse trouvée, ou changez celle du terminal.",
		"刷卡机以其他波特率应答。请把 [terminal] 的 `baud` 改为检测到的速率，或修改刷卡机设置。"},
	terminalOther: {"Another terminal is on the line than the configured one. Connect the right one, or change `serial_number`.",
		"Un autre terminal que celui configuré est branché. Branchez le bon, ou changez `serial_number`.",
		"线路上的刷卡机与配置不符。请连接正确的刷卡机，或修改 `serial_number`。"},
	cablesSwapped: {"A display answers on the terminal's line: the cables are swapped. Exchange the two names in the configuration, or the two plugs.",
		"Un afficheur répond sur la ligne du terminal : les câbles sont inversés. Échangez les deux noms dans la configuration, ou les deux prises.",
		"刷卡机线路上应答的是顾客屏：线缆接反了。请对调配置中的名称或两个插头。"},
	displaySilent: {"The display does not answer. Is it switched on, and is `driver` the right one?",
		"L'afficheur ne répond pas. Est-il allumé, et `driver` est-il le bon ?",
		"顾客屏没有应答。是否通电？`driver` 是否正确？"},
	displaySpeed: {"The display answers at another speed. Set `baud` in [[display]] to the speed that was found.",
		"L'afficheur répond à une autre vitesse. Mettez dans [[display]] `baud` la vitesse trouvée.",
		"顾客屏以其他波特率应答。请把 [[display]] 的 `baud` 改为检测到的速率。"},
	displayFlaw: {"The display works and cannot show everything; the words beside it say what is missing.",
		"L'afficheur marche mais ne peut pas tout montrer ; les mots à côté disent ce qui manque.",
		"顾客屏可用，但无法显示全部内容；旁边的说明指出缺少什么。"},
	displayNoCode: {"No display of this counter can show a code. Set `code_on_paper = true` in [shop], or connect one that can.",
		"Aucun afficheur de ce comptoir ne peut montrer un code. Mettez `code_on_paper = true` dans [shop], ou branchez-en un qui le peut.",
		"本柜台没有可显示二维码的屏幕。请在 [shop] 设置 `code_on_paper = true`，或连接可显示的屏幕。"},
	printerPaper: {"The printer is out of paper. Put in a roll.", "L'imprimante n'a plus de papier. Mettez un rouleau.", "打印机缺纸。请装入纸卷。"},
	printerLow:   {"The paper is nearly out. Have a roll ready.", "Le papier est presque fini. Préparez un rouleau.", "纸快用完了。请准备新纸卷。"},
	printerCover: {"The printer's cover is open. Close it.", "Le capot de l'imprimante est ouvert. Fermez-le.", "打印机盖未合上。请关好。"},
	printerStopped: {"The printer has stopped: look at its lamps and cutter, then switch it off and on.",
		"L'imprimante s'est arrêtée : regardez ses voyants et le massicot, puis éteignez et rallumez-la.",
		"打印机已停止：请查看指示灯和切刀，然后关机再开机。"},
	printerSilent: {"The printer is connected and answers nothing. Choose a profile of a printer that does not answer (`profile`), or check its cable.",
		"L'imprimante est branchée mais ne répond rien. Choisissez un profil d'imprimante muette (`profile`), ou vérifiez le câble.",
		"打印机已连接但不应答。请选择不应答型号的 `profile`，或检查线缆。"},
	scannerSilent: {"The scanner's line cannot be used. Put its cable in, and compare speed and settings.",
		"La ligne du lecteur est inutilisable. Branchez son câble, comparez vitesse et réglages.",
		"扫码器线路不可用。请插好线缆，并核对速率等设置。"},

	gatewayDNS: {"The gateway's name cannot be resolved. Is the shop's internet up? Try another name server.",
		"Le nom de la passerelle est introuvable. L'internet du magasin marche-t-il ? Essayez un autre serveur DNS.",
		"无法解析网关域名。店内网络是否正常？可更换 DNS 服务器。"},
	gatewayConnect: {"No connection to the gateway. Is the internet up, and does a firewall allow HTTPS out?",
		"Pas de connexion à la passerelle. L'internet marche-t-il, et le pare-feu laisse-t-il sortir HTTPS ?",
		"无法连接网关。网络是否正常？防火墙是否允许 HTTPS 外出？"},
	gatewayTLS: {"Something between shop and gateway breaks its encryption. Use another network; ask who runs this one.",
		"Quelque chose entre le magasin et la passerelle casse le chiffrement. Utilisez un autre réseau ; demandez à qui gère celui-ci.",
		"网络中有设备破坏了与网关的加密。请更换网络，并询问网络管理者。"},
	gatewayTimeout: {"The gateway does not answer in time. The line is slow, or the gateway is: wait, or use another network.",
		"La passerelle ne répond pas à temps. La ligne est lente, ou la passerelle : attendez, ou changez de réseau.",
		"网关未及时应答。网络或网关缓慢：请等待或更换网络。"},
	gatewayPortal: {"A web page answers in the gateway's place. Log in to the shop's network with a browser.",
		"Une page web répond à la place de la passerelle. Connectez-vous au réseau du magasin avec un navigateur.",
		"应答的是网页而不是网关。请用浏览器登录店内网络。"},
	gatewayServer: {"The gateway is there but in trouble. Wait, or ask IOTPay.", "La passerelle est là mais en panne. Attendez, ou demandez à IOTPay.", "网关可达但有故障。请等待或联系 IOTPay。"},
	gatewayThrottled: {"The gateway asks for fewer questions. Nothing to do: posd slows down by itself.",
		"La passerelle demande moins de questions. Rien à faire : posd ralentit de lui-même.",
		"网关要求减少请求。无需处理：posd 会自动放慢。"},
	gatewayKey: {"The gateway refuses merchant, login or key. Compare `mch_id`, `job_no` and the merchant key with IOTPay's papers.",
		"La passerelle refuse marchand, identifiant ou clé. Comparez `mch_id`, `job_no` et la clé avec les papiers d'IOTPay.",
		"网关拒绝商户号、登录名或密钥。请与 IOTPay 资料核对 `mch_id`、`job_no` 和商户密钥。"},
	gatewayClock: {"This box's clock is wrong. Set it, and let it follow a time server (timedatectl set-ntp true).",
		"L'horloge de cette machine est fausse. Réglez-la, et laissez-la suivre un serveur de temps (timedatectl set-ntp true).",
		"本机时钟不准。请校正并启用网络对时（timedatectl set-ntp true）。"},
	gatewayOther: {"The gateway answers with words of its own, which stand beside it. Ask IOTPay about them.",
		"La passerelle répond avec ses propres mots, à côté. Demandez à IOTPay.",
		"网关返回了其自身的说明（见旁边）。请向 IOTPay 咨询。"},
	keyMissing: {"The merchant key is missing. Put it into /etc/posd/iotpay-key, readable by root alone.",
		"La clé du marchand manque. Mettez-la dans /etc/posd/iotpay-key, lisible par root seul.",
		"缺少商户密钥。请写入 /etc/posd/iotpay-key，仅 root 可读。"},
	keyForm: {"The merchant key's file does not hold one line. Paste the key alone, without an empty line.",
		"Le fichier de la clé ne contient pas une seule ligne. Collez la clé seule, sans ligne vide.",
		"密钥文件不是单独一行。请只粘贴密钥，不要有空行。"},

	journalLocked: {"Another posd has this journal. Stop that one (systemctl stop UNIT), or ask it.",
		"Un autre posd tient ce journal. Arrêtez-le (systemctl stop UNIT), ou interrogez-le.",
		"另一个 posd 正在使用此日志。请停止它（systemctl stop UNIT）或直接查询它。"},
	journalDamaged: {"The journal is damaged. Leave it as it is and put back the newest copy: posd restore FILE.",
		"Le journal est abîmé. Laissez-le tel quel et remettez la dernière copie : posd restore FICHIER.",
		"日志已损坏。请保持原样，恢复最新副本：posd restore 文件。"},
	journalForeign: {"The file in the journal's place is another program's. Move it away, or name another `dir` in [store].",
		"Le fichier à la place du journal est d'un autre programme. Déplacez-le, ou nommez un autre `dir` dans [store].",
		"日志位置上的文件属于其他程序。请移走，或在 [store] 指定其他 `dir`。"},
	journalNewer: {"A newer posd has written the journal. Install that version again.",
		"Un posd plus récent a écrit le journal. Réinstallez cette version.",
		"日志由更新版本的 posd 写入。请重新安装该版本。"},
	journalForbidden: {"posd may not write its journal. Give the folder to it: chown -R posd:posd on the state folder.",
		"posd ne peut pas écrire son journal. Donnez-lui le dossier : chown -R posd:posd sur le dossier d'état.",
		"posd 无法写入日志。请把目录交给它：对状态目录执行 chown -R posd:posd。"},
	diskFull: {"The disk is nearly full; new sales are refused so that begun ones can end. Free some room.",
		"Le disque est presque plein ; les nouvelles ventes sont refusées pour finir celles en cours. Faites de la place.",
		"磁盘将满；为完成已开始的交易，新交易被拒绝。请清理空间。"},
	diskReadOnly: {"The disk is read-only: it failed, or was mounted so. Look at dmesg, copy the journal (posd backup), replace the disk.",
		"Le disque est en lecture seule : il est en panne, ou monté ainsi. Voyez dmesg, copiez le journal (posd backup), changez le disque.",
		"磁盘只读：可能损坏或被只读挂载。请查看 dmesg，复制日志（posd backup），更换磁盘。"},
	diskRefuses: {"The disk refuses to read or write; nothing new is sold. Look at dmesg, copy the journal to a stick (posd backup), replace the disk. Selling goes on by itself where it works again.",
		"Le disque refuse de lire ou d'écrire ; rien de neuf n'est vendu. Voyez dmesg, copiez le journal sur une clé (posd backup), changez le disque. S'il remarche, les ventes reprennent d'elles-mêmes.",
		"磁盘拒绝读写；不接受新交易。请查看 dmesg，把日志复制到 U 盘（posd backup），更换磁盘。磁盘恢复后会自动继续交易。"},

	copyAbsent: {"The place for the copies is not there. Plug the stick in and mount it.", "L'endroit des copies n'est pas là. Branchez la clé et montez-la.", "备份位置不存在。请插入并挂载 U 盘。"},
	copySameDisk: {"The copies lie on the journal's own disk and die with it. Use a stick, or set `same_disk = true` if that is meant.",
		"Les copies sont sur le disque du journal et mourront avec lui. Utilisez une clé, ou `same_disk = true` si c'est voulu.",
		"备份与日志在同一磁盘，会一起丢失。请使用 U 盘，或确认后设置 `same_disk = true`。"},
	copyLate: {"The last copy is older than it should be. Look at the stick, then make one: posd backup FILE.",
		"La dernière copie est trop vieille. Regardez la clé, puis faites-en une : posd backup FICHIER.",
		"最近的备份过旧。请检查 U 盘，然后手动备份：posd backup 文件。"},
	copyFailed: {"The copies cannot be written: the stick is full, broken or not posd's. Replace it, or give the folder to posd.",
		"Les copies ne peuvent être écrites : clé pleine, cassée ou pas à posd. Remplacez-la, ou donnez le dossier à posd.",
		"无法写入备份：U 盘已满、损坏或不属于 posd。请更换，或把目录交给 posd。"},

	unitDown: {"posd does not run as a service. Start it: systemctl start UNIT.", "posd ne tourne pas comme service. Démarrez-le : systemctl start UNIT.", "posd 未作为服务运行。请启动：systemctl start UNIT。"},
	unitOff:  {"posd does not start with the box. Enable it: systemctl enable UNIT.", "posd ne démarre pas avec la machine. Activez-le : systemctl enable UNIT.", "posd 不会随机器启动。请启用：systemctl enable UNIT。"},
	daemonOther: {"Another counter's posd answers at this address. Give each counter a `listen` and `socket` of its own in [api], and start this one.",
		"Le posd d'un autre comptoir répond à cette adresse. Donnez à chaque comptoir ses propres `listen` et `socket` dans [api], et démarrez celui-ci.",
		"此地址应答的是另一柜台的 posd。请在 [api] 为每个柜台设置各自的 `listen` 和 `socket`，然后启动本柜台。"},
	unitSoft: {"The unit was changed and no longer shuts posd in. Look at `systemctl cat UNIT` and take the change back.",
		"L'unité a été changée et n'enferme plus posd. Voyez `systemctl cat UNIT` et annulez le changement.",
		"服务单元被修改，失去隔离保护。请查看 `systemctl cat UNIT` 并撤销修改。"},
	unitUnwatched: {"The unit has no watchdog: a posd that hangs would stay so. Set WatchdogSec= as in the installed unit.",
		"L'unité n'a pas de chien de garde : un posd bloqué le resterait. Remettez WatchdogSec= comme dans l'unité installée.",
		"服务单元没有看门狗：posd 卡死后不会恢复。请按安装的单元设置 WatchdogSec=。"},
	unitFailed: {"posd ended, and systemd does not start it again. Read why: journalctl -u UNIT -n 100. Mend that, then: systemctl reset-failed UNIT && systemctl start UNIT.",
		"posd s'est arrêté, et systemd ne le redémarre plus. Lisez pourquoi : journalctl -u UNIT -n 100. Corrigez, puis : systemctl reset-failed UNIT && systemctl start UNIT.",
		"posd 已结束，systemd 不再启动它。请查看原因：journalctl -u UNIT -n 100。排除后执行：systemctl reset-failed UNIT && systemctl start UNIT。"},
	unitRestarts: {"posd ended again and again, and was started again each time. Read why: journalctl -u UNIT -n 100. Mend that, then: systemctl restart UNIT, which counts anew.",
		"posd s'est arrêté plusieurs fois et a redémarré chaque fois. Lisez pourquoi : journalctl -u UNIT -n 100. Corrigez, puis : systemctl restart UNIT, qui recompte à zéro.",
		"posd 反复结束并重新启动。请查看原因：journalctl -u UNIT -n 100。排除后执行：systemctl restart UNIT，计数会清零。"},
	userGroup: {"posd's user is not in the group that owns this line. Add it to SupplementaryGroups= of the unit, then restart posd.",
		"L'utilisateur de posd n'est pas dans le groupe de cette ligne. Ajoutez-le à SupplementaryGroups= de l'unité, puis redémarrez posd.",
		"posd 的用户不在此线路所属用户组。请加入单元的 SupplementaryGroups=，然后重启 posd。"},
	clockUnset: {"This box's clock was never set. Set it (timedatectl set-time), and give the box a battery or a time server.",
		"L'horloge de cette machine n'a jamais été réglée. Réglez-la (timedatectl set-time), et donnez-lui une pile ou un serveur de temps.",
		"本机时钟从未设置。请设置（timedatectl set-time），并更换电池或启用对时。"},
	clockFree: {"The clock follows no time server and will drift: timedatectl set-ntp true.", "L'horloge ne suit aucun serveur de temps et dérivera : timedatectl set-ntp true.", "时钟未与时间服务器同步，会逐渐偏差：timedatectl set-ntp true。"},
	accessOpen: {"Every program of this box may sell and give money back. Make a token: posd token create.",
		"Tout programme de cette machine peut vendre et rembourser. Créez un jeton : posd token create.",
		"本机任何程序都可收款和退款。请创建令牌：posd token create。"},
	unknownCause: {"The words beside it say what posd found. `posd support FILE` collects what a helper needs.",
		"Les mots à côté disent ce que posd a trouvé. `posd support FICHIER` rassemble ce qu'il faut pour aider.",
		"旁边的说明是 posd 的发现。`posd support 文件` 可收集求助所需信息。"},
}
