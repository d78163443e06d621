"""USB numbers of modems, as data: whose they are, and what their interfaces are for.

From the manuals of the manufacturers and from the port types that ModemManager, the kernel's
option driver and usb_modeswitch list. Nothing here is needed for a modem to be found: it only
says what to try first, and what to tell a person.
"""

from __future__ import annotations

from collections.abc import Mapping

# Who makes modems, and not much else that plugs into a USB socket.
MODEM_VENDORS: Mapping[str, str] = {
    "12d1": "Huawei",
    "19d2": "ZTE",
    "2c7c": "Quectel",
    "1e0e": "SIMCom",
    "1bbb": "Alcatel",
    "2357": "TP-Link",
    "1199": "Sierra",
    "1bc7": "Telit",
    "1546": "u-blox",
    "0681": "Siemens",
    "1e2d": "Cinterion",
    "0af0": "Option",
    "2001": "D-Link",
    "1410": "Novatel",
    "2cb7": "Fibocom",
}

# What such a stick says it is before it has been told to be a modem.
STORAGE_MODES: frozenset[str] = frozenset(
    {
        "12d1:1446", "12d1:14ad", "12d1:14b5", "12d1:14ba", "12d1:14c1", "12d1:14c3",
        "12d1:14c4", "12d1:14c5", "12d1:14d1", "12d1:14fe", "12d1:1505", "12d1:1520",
        "12d1:1521", "12d1:1523", "12d1:1526", "12d1:1553", "12d1:1557", "12d1:155b",
        "12d1:1597", "12d1:15ca", "12d1:15e7", "12d1:1805", "12d1:1c0b", "12d1:1c1b",
        "12d1:1c24", "12d1:1d50", "12d1:1da1", "12d1:1f01", "12d1:1f02", "12d1:1f03",
        "12d1:1f11", "12d1:1f15", "12d1:1f16", "12d1:1f17", "12d1:1f18", "12d1:1f19",
        "12d1:1f1b", "12d1:1f1c", "12d1:1f1d", "12d1:1f1e", "12d1:380b",
        "19d2:0003", "19d2:0026", "19d2:0040", "19d2:0053", "19d2:0083", "19d2:0101",
        "19d2:0103", "19d2:0115", "19d2:0120", "19d2:0146", "19d2:0149", "19d2:0150",
        "19d2:0154", "19d2:0160", "19d2:0166", "19d2:0169", "19d2:0266", "19d2:0304",
        "19d2:0325", "19d2:0413", "19d2:1001", "19d2:1007", "19d2:1009", "19d2:1013",
        "19d2:1017", "19d2:1030", "19d2:1038", "19d2:1171", "19d2:1175", "19d2:1179",
        "19d2:1201", "19d2:1207", "19d2:1210", "19d2:1216", "19d2:1219", "19d2:1224",
        "19d2:1225", "19d2:1227", "19d2:1232", "19d2:1233", "19d2:1237", "19d2:1238",
        "19d2:1517", "19d2:1520", "19d2:1542", "19d2:1588", "19d2:2000", "19d2:2004",
        "19d2:bccd", "19d2:ffde", "19d2:ffe6", "19d2:fff5", "19d2:fff6",
        "1bbb:f000", "1bbb:f017", "1bbb:f052", "1c9e:1001", "1c9e:f000", "2001:a706",
        "2001:a707", "2001:a708", "2001:a805", "2001:a80b", "2357:f000", "1e0e:f000",
        "0af0:6971", "0af0:7011", "1410:5010", "1410:5030", "1199:0fff",
    }
)  # fmt: skip

# bInterfaceNumber, by vendor:product or by vendor alone: takes AT and announces (+CMTI) …
AT_PORTS: Mapping[str, tuple[int, ...]] = {
    "12d1:1001": (2,),  # E173, E169: if00 modem, if01 diagnostics, if02 PCUI
    "12d1:1003": (1,),
    "12d1:1406": (2, 1),
    "12d1:140c": (3, 2),
    "12d1:1436": (4, 3),
    "12d1:1465": (2, 1),
    "12d1:1506": (2, 1),
    "12d1:1c05": (2, 1),
    "12d1:1c1e": (2, 1),
    "19d2:0001": (2,),
    "19d2:0002": (4,),
    "19d2:0003": (1,),
    "19d2:0016": (1,),
    "19d2:0031": (1,),
    "19d2:0117": (1,),
    "19d2:2003": (1,),
    "1e0e:9001": (2,),
    "1e0e:9011": (2,),
    "2c7c": (2,),
    "05c6:9090": (2,),
    "05c6:9003": (2,),
    "1bc7:1201": (4,),
    "1bc7:0021": (0,),
    "2cb7:0104": (2,),
}
# … takes AT, and is meant for data calls …
DATA_PORTS: Mapping[str, tuple[int, ...]] = {
    "12d1": (0,),
    "19d2:0001": (0,),
    "19d2:0002": (2,),
    "19d2:0003": (0,),
    "19d2:0016": (2,),
    "19d2:0031": (3,),
    "19d2:0117": (2,),
    "19d2:2003": (3,),
    "1e0e:9001": (3,),
    "1e0e:9011": (3,),
    "2c7c": (3,),
    "05c6:9090": (3,),
    "1bc7:1201": (5,),
}
# … and those that speak something else: diagnostics, GPS, audio.
OTHER_PORTS: Mapping[str, tuple[int, ...]] = {
    "12d1:1001": (1,),
    "19d2:0031": (0,),
    "19d2:0117": (0,),
    "1e0e:9001": (0, 1, 4),
    "1e0e:9011": (1, 4),
    "2c7c": (0, 1),
    "05c6:9090": (0, 1),
    "1bc7:1201": (0, 2, 3),
    "2cb7:0104": (0,),
}
