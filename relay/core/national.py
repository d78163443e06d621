"""The national language tables of 3GPP TS 23.038, annex A: a second and third alphabet per part.

A user data header names them: 0x24 a single shift table (used behind the escape code), 0x25 a
locking shift table (in the place of the default alphabet); the language is a number, 1 to 13.

The tables of the ten Asian languages share a frame of digits, punctuation and lower-case Latin
letters; what differs is written as the code points of the places that the frame leaves free, in
ascending order, 0000 where the standard defines nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from relay.core.gsm7 import (
    DEFAULT,
    DEFAULT_BASE,
    DEFAULT_EXTENSION,
    ESCAPE,
    UNDEFINED,
    Alphabet,
)

# §6.2.1.2.4, with the codes of ISO 639-1.
LANGUAGES: Mapping[str, int] = MappingProxyType(
    {
        "turkish": 1,
        "spanish": 2,
        "portuguese": 3,
        "bengali": 4,
        "gujarati": 5,
        "hindi": 6,
        "kannada": 7,
        "malayalam": 8,
        "oriya": 9,
        "punjabi": 10,
        "tamil": 11,
        "telugu": 12,
        "urdu": 13,
    }
)
_ISO_639_1 = ("tr", "es", "pt", "bn", "gu", "hi", "kn", "ml", "or", "pa", "ta", "te", "ur")
_NUMBERS = {**LANGUAGES, **dict(zip(_ISO_639_1, LANGUAGES.values(), strict=True))}


def language(name: str) -> int | None:
    """The number of a language by its English name or ISO 639-1 code, in any case, or None."""
    return _NUMBERS.get(name.strip().lower())


@cache
def alphabet(locking: int = 0, single: int = 0) -> Alphabet:
    """The alphabet that two language numbers name; 0, or a number without a table, is default.

    (§6.2.1.2.2: who does not know a table falls back on the default one.)
    """
    base = _LOCKING.get(locking, DEFAULT_BASE)
    extension = _SINGLE.get(single, DEFAULT_EXTENSION)
    if base is DEFAULT_BASE and extension is DEFAULT_EXTENSION:
        return DEFAULT
    return Alphabet(base, extension)


def has_locking(number: int) -> bool:
    """Whether the language has a locking shift table (Spanish has none)."""
    return number in _LOCKING


def _framed(frame: Mapping[int, str], letters: str, free: range) -> dict[int, str]:
    """The frame with `letters` (UTF-16 in hex) in the places of `free` that it leaves open."""
    characters = iter(bytes.fromhex(letters).decode("utf-16-be"))
    places = (place for place in free if place not in frame)
    return {**frame, **dict(zip(places, characters, strict=False))}


def _without_gaps(table: Mapping[int, str]) -> dict[int, str]:
    return {code: character for code, character in table.items() if character != UNDEFINED}


# --- locking shift tables, annex A.3 ------------------------------------------------------------

_TURKISH = (
    "@£$¥€éùıòÇ\nĞğ\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ŞşßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "İABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "çabcdefghijklmnopqrstuvwxyzäöñüà"
)
_PORTUGUESE = (
    "@£$¥êéúíóç\nÔô\rÁáΔ_ªÇÀ∞^\\€Ó| ÂâÊÉ"
    " !\"#º%&'()*+,-./0123456789:;<=>?"
    "ÍABCDEFGHIJKLMNOPQRSTUVWXYZÃÕÚÜ§"
    "~abcdefghijklmnopqrstuvwxyzãõ`üà"
)

# The brackets are the other way round than in the default alphabet.
_ASIAN_FRAME: Mapping[int, str] = {
    0x0A: "\n",
    0x0D: "\r",
    ESCAPE: " ",
    0x20: " ",
    0x21: "!",
    0x28: ")",
    0x29: "(",
    0x2C: ",",
    0x2E: ".",
    **dict(enumerate("0123456789:;", start=0x30)),
    0x3F: "?",
    **dict(enumerate("abcdefghijklmnopqrstuvwxyz", start=0x61)),
}
_ASIAN_LETTERS: Mapping[int, str] = {
    4: (
        "09810982098309850986098709880989098A098B098C00000000098F099000000000099309940995"
        "0996099709980999099A099B099C099D099E099F09A009A109A209A309A409A509A609A709A80000"
        "09AA09AB09AC09AD09AE09AF09B0000009B200000000000009B609B709B809B909BC09BD09BE09BF"
        "09C009C109C209C309C40000000009C709C80000000009CB09CC09CD09CE09D709DC09DD09F009F1"
    ),
    5: (
        "0A810A820A830A850A860A870A880A890A8A0A8B0A8C0A8D00000A8F0A900A9100000A930A940A95"
        "0A960A970A980A990A9A0A9B0A9C0A9D0A9E0A9F0AA00AA10AA20AA30AA40AA50AA60AA70AA80000"
        "0AAA0AAB0AAC0AAD0AAE0AAF0AB000000AB20AB300000AB50AB60AB70AB80AB90ABC0ABD0ABE0ABF"
        "0AC00AC10AC20AC30AC40AC500000AC70AC80AC900000ACB0ACC0ACD0AD00AE00AE10AE20AE30AF1"
    ),
    6: (
        "09010902090309050906090709080909090A090B090C090D090E090F091009110912091309140915"
        "0916091709180919091A091B091C091D091E091F0920092109220923092409250926092709280929"
        "092A092B092C092D092E092F0930093109320933093409350936093709380939093C093D093E093F"
        "0940094109420943094409450946094709480949094A094B094C094D09500972097B097C097E097F"
    ),
    7: (
        "00000C820C830C850C860C870C880C890C8A0C8B0C8C00000C8E0C8F0C9000000C920C930C940C95"
        "0C960C970C980C990C9A0C9B0C9C0C9D0C9E0C9F0CA00CA10CA20CA30CA40CA50CA60CA70CA80000"
        "0CAA0CAB0CAC0CAD0CAE0CAF0CB00CB10CB20CB300000CB50CB60CB70CB80CB90CBC0CBD0CBE0CBF"
        "0CC00CC10CC20CC30CC400000CC60CC70CC800000CCA0CCB0CCC0CCD0CD50CD60CE00CE10CE20CE3"
    ),
    8: (
        "00000D020D030D050D060D070D080D090D0A0D0B0D0C00000D0E0D0F0D1000000D120D130D140D15"
        "0D160D170D180D190D1A0D1B0D1C0D1D0D1E0D1F0D200D210D220D230D240D250D260D270D280000"
        "0D2A0D2B0D2C0D2D0D2E0D2F0D300D310D320D330D340D350D360D370D380D3900000D3D0D3E0D3F"
        "0D400D410D420D430D4400000D460D470D4800000D4A0D4B0D4C0D4D0D570D600D610D620D630D79"
    ),
    9: (
        "0B010B020B030B050B060B070B080B090B0A0B0B0B0C000000000B0F0B10000000000B130B140B15"
        "0B160B170B180B190B1A0B1B0B1C0B1D0B1E0B1F0B200B210B220B230B240B250B260B270B280000"
        "0B2A0B2B0B2C0B2D0B2E0B2F0B3000000B320B3300000B350B360B370B380B390B3C0B3D0B3E0B3F"
        "0B400B410B420B430B44000000000B470B48000000000B4B0B4C0B4D0B560B570B600B610B620B63"
    ),
    10: (
        "0A010A020A030A050A060A070A080A090A0A00000000000000000A0F0A10000000000A130A140A15"
        "0A160A170A180A190A1A0A1B0A1C0A1D0A1E0A1F0A200A210A220A230A240A250A260A270A280000"
        "0A2A0A2B0A2C0A2D0A2E0A2F0A3000000A320A3300000A350A3600000A380A390A3C00000A3E0A3F"
        "0A400A410A4200000000000000000A470A48000000000A4B0A4C0A4D0A510A700A710A720A730A74"
    ),
    11: (
        "00000B820B830B850B860B870B880B890B8A0000000000000B8E0B8F0B9000000B920B930B940B95"
        "0000000000000B990B9A00000B9C00000B9E0B9F0000000000000BA30BA40000000000000BA80BA9"
        "0BAA0000000000000BAE0BAF0BB00BB10BB20BB30BB40BB50BB60BB70BB80BB9000000000BBE0BBF"
        "0BC00BC10BC20000000000000BC60BC70BC800000BCA0BCB0BCC0BCD0BD00BD70BF00BF10BF20BF9"
    ),
    12: (
        "0C010C020C030C050C060C070C080C090C0A0C0B0C0C00000C0E0C0F0C1000000C120C130C140C15"
        "0C160C170C180C190C1A0C1B0C1C0C1D0C1E0C1F0C200C210C220C230C240C250C260C270C280000"
        "0C2A0C2B0C2C0C2D0C2E0C2F0C300C310C320C3300000C350C360C370C380C3900000C3D0C3E0C3F"
        "0C400C410C420C430C4400000C460C470C4800000C4A0C4B0C4C0C4D0C550C560C600C610C620C63"
    ),
    13: (
        "062706220628067B0680067E06A6062A06C2067F0679067D067A067C062B062C0681068406830685"
        "06860687062D062E062F068C06880689068A068F068D06300631069106930699063206960698069A"
        "06330634063506360637063806390641064206A906AA06AB06AF06B306B106440645064606BA06BB"
        "06BC064806C406D506C106BE062106CC06D006D2064D0650064F0657065406550651065306560670"
    ),
}


def _locking(letters: str) -> str:
    table = _framed(_ASIAN_FRAME, letters, range(128))
    return "".join(table[code] for code in range(128))


_LOCKING: Mapping[int, str] = {
    1: _TURKISH,
    3: _PORTUGUESE,
    **{number: _locking(letters) for number, letters in _ASIAN_LETTERS.items()},
}


# --- single shift tables, annex A.2 -------------------------------------------------------------

_EUROPEAN_SHIFT: Mapping[int, Mapping[int, str]] = {
    1: {0x47: "Ğ", 0x49: "İ", 0x53: "Ş", 0x63: "ç", 0x67: "ğ", 0x69: "ı", 0x73: "ş"},
    2: {
        0x09: "ç",
        0x41: "Á",
        0x49: "Í",
        0x4F: "Ó",
        0x55: "Ú",
        0x61: "á",
        0x69: "í",
        0x6F: "ó",
        0x75: "ú",
    },
    3: {
        0x05: "ê",
        0x09: "ç",
        0x0B: "Ô",
        0x0C: "ô",
        0x0E: "Á",
        0x0F: "á",
        0x12: "Φ",
        0x13: "Γ",
        0x15: "Ω",
        0x16: "Π",
        0x17: "Ψ",
        0x18: "Σ",
        0x19: "Θ",
        0x1F: "Ê",
        0x41: "À",
        0x49: "Í",
        0x4F: "Ó",
        0x55: "Ú",
        0x5B: "Ã",
        0x5C: "Õ",
        0x61: "Â",
        0x69: "í",
        0x6F: "ó",
        0x75: "ú",
        0x7B: "ã",
        0x7C: "õ",
        0x7F: "â",
    },
}

_ASIAN_SHIFT_FRAME: Mapping[int, str] = {
    **dict(enumerate("@£$¥¿\"¤%&'\f*+")),
    **dict(enumerate("-/<=>¡^¡_#*", start=0x0E)),
    ESCAPE: UNDEFINED,
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    **dict(enumerate("|ABCDEFGHIJKLMNOPQRSTUVWXYZ", start=0x40)),
    0x65: "€",
}
_ASIAN_SHIFT_LETTERS: Mapping[int, str] = {
    4: (
        "09E609E709E809E909EA09EB09EC09ED09EE09EF09DF09E009E109E209E309F209F309F409F509F6"
        "09F709F809F909FA"
    ),
    5: ("096409650AE60AE70AE80AE90AEA0AEB0AEC0AED0AEE0AEF"),
    6: (
        "096409650966096709680969096A096B096C096D096E096F095109520953095409580959095A095B"
        "095C095D095E095F096009610962096309700971"
    ),
    7: ("096409650CE60CE70CE80CE90CEA0CEB0CEC0CED0CEE0CEF0CDE0CF10CF2"),
    8: (
        "096409650D660D670D680D690D6A0D6B0D6C0D6D0D6E0D6F0D700D710D720D730D740D750D7A0D7B"
        "0D7C0D7D0D7E0D7F"
    ),
    9: ("096409650B660B670B680B690B6A0B6B0B6C0B6D0B6E0B6F0B5C0B5D0B5F0B700B71"),
    10: ("096409650A660A670A680A690A6A0A6B0A6C0A6D0A6E0A6F0A590A5A0A5B0A5C0A5E0A75"),
    11: ("096409650BE60BE70BE80BE90BEA0BEB0BEC0BED0BEE0BEF0BF30BF40BF50BF60BF70BF80BFA"),
    12: (
        "000000000C660C670C680C690C6A0C6B0C6C0C6D0C6E0C6F0C580C590C780C790C7A0C7B0C7C0C7D0C7E0C7F"
    ),
    13: (
        "0600060106F006F106F206F306F406F506F606F706F806F9060C060D060E060F0610061106120613"
        "0614061B061F064006520658066B066C0672067306CD06D4"
    ),
}


def _single(letters: str) -> dict[int, str]:
    return _without_gaps(_framed(_ASIAN_SHIFT_FRAME, letters, range(0x19, 0x40)))


_SINGLE: Mapping[int, Mapping[int, str]] = {
    **{number: {**DEFAULT_EXTENSION, **own} for number, own in _EUROPEAN_SHIFT.items()},
    **{number: _single(letters) for number, letters in _ASIAN_SHIFT_LETTERS.items()},
}
