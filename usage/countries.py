"""Which country a network belongs to, and which countries are in roam-like-at-home.

Made for this portal from the numbering of ITU-T E.212 (mobile country codes), held against the
public table musalbas/mcc-mnc-table (MIT licence, November 2024). A code that several countries
share names each of them; which one a network is in is then told by the network code where the
table knows it, and left open otherwise. Pure.
"""

from __future__ import annotations

from datetime import date

_PAIRS = """
202 GR 204 NL 206 BE 208 FR 212 MC 213 AD 214 ES 216 HU 218 BA 219 HR 220 RS 221 XK 222 IT 225
VA 226 RO 228 CH 230 CZ 231 SK 232 AT 234 GB 235 GB 238 DK 240 SE 242 NO 244 FI 246 LT 247 LV
248 EE 250 RU 255 UA 257 BY 259 MD 260 PL 262 DE 266 GI 268 PT 270 LU 272 IE 274 IS 276 AL 278
MT 280 CY 282 GE 283 AM 284 BG 286 TR 288 FO 289 GE 290 GL 292 SM 293 SI 294 MK 295 LI 297 ME
302 CA 308 PM 312 US 313 US 314 US 315 US 316 US 330 PR 334 MX 338 JM 342 BB 344 AG 346 KY 348
VG 350 BM 352 GD 354 MS 356 KN 358 LC 360 VC 363 AW 364 BS 365 AI 366 DM 368 CU 370 DO 372 HT
374 TT 400 AZ 401 KZ 402 BT 404 IN 405 IN 406 IN 410 PK 412 AF 413 LK 414 MM 415 LB 416 JO 417
SY 418 IQ 419 KW 420 SA 421 YE 422 OM 424 AE 426 BH 427 QA 428 MN 429 NP 430 AE 431 AE 432 IR
434 UZ 436 TJ 437 KG 438 TM 440 JP 441 JP 450 KR 452 VN 454 HK 455 MO 456 KH 457 LA 460 CN 461
CN 466 TW 467 KP 470 BD 472 MV 502 MY 505 AU 510 ID 514 TL 515 PH 520 TH 525 SG 528 BN 530 NZ
536 NR 537 PG 539 TO 540 SB 541 VU 542 FJ 543 WF 544 AS 545 KI 546 NC 547 PF 548 CK 549 WS 550
FM 551 MH 552 PW 553 TV 554 TK 555 NU 602 EG 603 DZ 604 MA 605 TN 606 LY 607 GM 608 SN 609 MR
610 ML 611 GN 612 CI 613 BF 614 NE 615 TG 616 BJ 617 MU 618 LR 619 SL 620 GH 621 NG 622 TD 623
CF 624 CM 625 CV 626 ST 627 GQ 628 GA 629 CG 630 CD 631 AO 632 GW 633 SC 634 SD 635 RW 636 ET
637 SO 638 DJ 639 KE 640 TZ 641 UG 642 BI 643 MZ 645 ZM 646 MG 648 ZW 649 NA 650 MW 651 LS 652
BW 653 SZ 654 KM 655 ZA 657 ER 658 SH 659 SS 702 BZ 704 GT 706 SV 708 HN 710 NI 712 CR 714 PA
716 PE 722 AR 724 BR 730 CL 732 CO 734 VE 736 BO 738 GY 740 EC 744 PY 746 SR 748 UY 750 FK
"""
"""Mobile country codes, each before its country."""
SHARED = {
    "310": ("US", "GU"),
    "311": ("US", "GU"),
    "340": ("GP", "MQ", "GF", "MF", "BL"),
    "362": ("CW", "BQ", "SX"),
    "376": ("TC", "VI"),
    "425": ("IL", "PS"),
    "647": ("RE", "YT"),
}
"""Codes that several countries use; the first is the one with most networks."""
OF_NETWORK = {
    "310-032": "GU", "310-033": "GU", "310-140": "GU", "310-370": "GU", "310-470": "GU",
    "311-250": "GU", "340-12": "MQ", "340-01": "GF", "340-02": "GF", "340-03": "GF",
    "340-11": "GF", "340-20": "GF", "362-51": "SX", "362-91": "SX", "376-50": "VI",
    "425-05": "PS", "425-06": "PS", "647-01": "YT",
}  # fmt: skip
"""Networks of a shared code whose country is known and is not the first one."""
INTERNATIONAL = "901"
"""Networks at sea, in the air and by satellite: of no country."""

OF_CODE = dict(zip(_PAIRS.split()[::2], _PAIRS.split()[1::2], strict=True))
COUNTRIES = tuple(
    sorted({*OF_CODE.values(), *(country for group in SHARED.values() for country in group)})
)
"""Two-letter codes of every country that has a mobile network."""

_EEA = """
AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK
GF GP MF MQ RE YT
"""
"""The 27 of the Union, Iceland, Liechtenstein and Norway; and the outermost regions of France."""
ROAM_LIKE_AT_HOME: tuple[tuple[str, date | None], ...] = (
    *((country, None) for country in _EEA.split()),
    ("MD", date(2026, 1, 1)),
    ("UA", date(2026, 1, 1)),
)
"""Country and first day in the zone of Regulation (EU) 2022/612; GB and CH are outside."""


def countries_of(mcc: str) -> tuple[str, ...]:
    """The countries that use the mobile country code: one, several, or none that is known."""
    if mcc in SHARED:
        return SHARED[mcc]
    return (OF_CODE[mcc],) if mcc in OF_CODE else ()


def country_of(mcc: str, mnc: str = "") -> str | None:
    """The country of a network, or None: unknown, of no country, or shared and not told apart.

    Codes are text: `01` and `001` are two networks.
    """
    known = OF_NETWORK.get(f"{mcc}-{mnc}")
    if known:
        return known
    found = countries_of(mcc)
    if len(found) == 1:
        return found[0]
    return found[0] if found and mnc else None
