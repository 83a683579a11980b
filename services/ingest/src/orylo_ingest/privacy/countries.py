"""Convert the country names that checkouts send, and currencies, to ISO 3166-1 alpha-2."""

from phonenumbers import SUPPORTED_REGIONS

# Codes in use that are not the country's own.
_OTHER_CODES = {"UK": "GB", "EL": "GR", "XK": "XK"}

# Names in Portuguese, English and Spanish, and alpha-3 codes, of the gateways' most frequent countries.
_NAMES = {
    "AR": "argentina arg",
    "AT": "austria áustria aut",
    "AO": "angola ago",
    "AU": "australia austrália aus",
    "BE": "belgium bélgica bel",
    "BO": "bolivia bolívia bol",
    "BR": "brazil brasil bra",
    "CA": "canada canadá can",
    "CH": "switzerland suíça suiza che",
    "CL": "chile chl",
    "CN": "china chn",
    "CO": "colombia colômbia col",
    "CR": "costarica cri",
    "CV": "capeverde caboverde cpv",
    "DE": "germany alemanha alemania deutschland deu",
    "DK": "denmark dinamarca dnk",
    "DO": "dominicanrepublic repúblicadominicana dom",
    "EC": "ecuador equador ecu",
    "ES": "spain espanha españa esp",
    "FI": "finland finlândia finlandia fin",
    "FR": "france frança francia fra",
    "GB": "unitedkingdom greatbritain reinounido england inglaterra gbr",
    "GT": "guatemala gtm",
    "IE": "ireland irlanda irl",
    "IN": "india índia ind",
    "IT": "italy itália italia ita",
    "JP": "japan japão japón jpn",
    "LU": "luxembourg luxemburgo lux",
    "MX": "mexico méxico mex",
    "MZ": "mozambique moçambique moz",
    "NL": "netherlands holland holanda paísesbaixos paísesbajos nld",
    "NO": "norway noruega nor",
    "NZ": "newzealand novazelândia nuevazelanda nzl",
    "PA": "panama panamá pan",
    "PE": "peru perú per",
    "PL": "poland polônia polonia pol",
    "PT": "portugal prt",
    "PY": "paraguay paraguai pry",
    "SE": "sweden suécia suecia swe",
    "US": "unitedstates unitedstatesofamerica estadosunidos usa eua eeuu",
    "UY": "uruguay uruguai ury",
    "VE": "venezuela ven",
}
_BY_NAME = {name: code for code, names in _NAMES.items() for name in names.split()}


def alpha2(value: str) -> str | None:
    """Return the country's code in upper case, or None if unknown."""
    text = value.strip()
    if len(text) == 2:
        code = text.upper()
        return code if code in SUPPORTED_REGIONS else _OTHER_CODES.get(code)
    return _BY_NAME.get("".join(character for character in text.lower() if character.isalpha()))


# Currencies of one country only (ISO 4217, list one). The dollar, the euro and their like belong to many.
_BY_CURRENCY = {
    "AOA": "AO", "ARS": "AR", "BOB": "BO", "BRL": "BR", "CAD": "CA", "CLP": "CL", "COP": "CO", "CRC": "CR",
    "CVE": "CV", "CZK": "CZ", "DOP": "DO", "GBP": "GB", "GTQ": "GT", "HUF": "HU", "IDR": "ID", "INR": "IN",
    "JPY": "JP", "KES": "KE", "KRW": "KR", "MXN": "MX", "MYR": "MY", "MZN": "MZ", "NGN": "NG", "PEN": "PE",
    "PHP": "PH", "PLN": "PL", "PYG": "PY", "RON": "RO", "SEK": "SE", "THB": "TH", "UYU": "UY", "VND": "VN",
}  # fmt: skip


def country_of_currency(currency: str | None) -> str | None:
    """Return the only country that uses the currency, if there is one."""
    return _BY_CURRENCY.get(currency.upper()) if currency else None
