"""Exports of real instruments through profiles: values, units, sample texts, flags."""

import io
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook

from instruments.files.importing import ImportedFile, import_file, propose_profiles
from instruments.files.profiles import ProfileError, builtin_profiles, parse_profile
from instruments.types import Comparator, ReadingStatus
from lims.tables import MAX_ROWS, UnreadableFileError, read_text_table, read_workbook

CORE, BIKA = "senaite__senaite.core", "bikalims__senaite.instruments"
OK, OVER, INVALID, NA = ReadingStatus.OK, ReadingStatus.OVER, ReadingStatus.INVALID, ReadingStatus.NOT_AVAILABLE
UNDER = ReadingStatus.UNDER

# path, profile, rows, readings, and (index, sample, item, value text, unit, status, verdict) of some of them
EXPORTS = [
    (
        "soldiers1989__UploadSoftWare/result.csv",
        "reader-96-well",
        55,
        55,
        [
            (0, "001", "农药总残留", "3.000", "", OK, "-"),
            (6, "007", "农药总残留", "2.000", "", OK, "-"),
            (54, "032", "农药总残留", "0.677", "", OK, ""),
        ],
    ),
    (
        "openelisglobal__openelisglobal-plugins/CobasC111/C111_exportfile.csv",
        "cobas-c111",
        4,
        4,
        [
            (0, "03", "GLU2", "1.30", "g/l", OVER, ">RR"),
            (1, "252", "GLU2", "0.83", "g/l", OK, ""),
            (3, "CP", "ALTL", "40.6", "U/L", INVALID, "? QC"),
        ],
    ),
    (
        f"{BIKA}/dr3900/dr3900_general_utf16.csv",
        "hach-dr3900",
        4,
        4,
        [
            (0, "DU-0001", "SiO₂", "32.9", "mg/L", OK, ""),
            (3, "DU-0004", "SiO₂", "34.3", "mg/L", OK, ""),
        ],
    ),
    (
        f"{CORE}/foss/fiastar/4357.csv",
        "foss-fiastar",
        34,
        34,
        [
            (0, "V15-024828", "F SO2", "17", "", OK, ""),
            (7, "V15-024961", "F SO2", "24", "", OK, ""),
        ],
    ),
    (
        f"{CORE}/foss/winescan/auto.csv",
        "foss-winescan",
        7,
        70,
        [
            (0, "AR-01177-01", "Ash", "0.9905", "", OK, ""),
            (8, "AR-01177-01", "LacticAcid", "-0.36", "", OK, ""),
            (20, "V08-024198", "Sg", "0.9922", "", OK, ""),
        ],
    ),
    (
        f"{CORE}/sealanalytical/aq2/AQ2 15-03-10 BOG Smpls ANIONS.csv",
        "seal-aq2",
        50,
        50,
        [
            (0, "2ppm NO3", "NO3 _ NO2", "2.629", "mg N/L", OK, ""),
            (5, "160ppm Cl", "Chloride 200", "159.301", "mg Cl/L", OK, ""),
            (49, "BOG - 19", "NO3 _ NO2", "0.292", "mg N/L", OK, ""),
        ],
    ),
    (
        f"{CORE}/instruments/lachat.quickchem.csv",
        "lachat-quickchem",
        81,
        81,
        [
            (0, "H2O-0001", "Ca", "0", "mg N/L", OK, ""),
            (1, "H2O-0001", "Mg", "2", "mgN/L", OK, ""),
        ],
    ),
    (
        f"{CORE}/lifetechnologies/qubit/qubit_01.csv",
        "qubit",
        4,
        4,
        [
            (0, "AP-0002-R01", "", "10.85", "ng/ul", OK, "Good sample"),
            (3, "AP-0005-R01", "", "0.002", "ng/ul", OK, "Poor"),
        ],
    ),
    (
        f"{BIKA}/lactoscope/Lactoscope_H230613_16COMP.xlsx",
        "lactoscope",
        4,
        48,
        [
            (0, "DU-0001", "Fat", "5.22", "% m/m", OK, ""),
            (4, "DU-0001", "Freezing point depression", "528.2", "m°C", OK, ""),
            (5, "DU-0001", "pH", "6.52", "-", OK, ""),
        ],
    ),
    (
        "Benchling-Open-Source__allotropy/thermo_fisher_visionlite/Thermo_VISIONlite_example_quant.csv",
        "visionlite-quant",
        2,
        2,
        [
            (0, "x", "Concentration", "2.23503296", "mg/L", OK, ""),
            (1, "y", "Concentration", "3.12726761", "mg/L", OK, ""),
        ],
    ),
    (
        f"{BIKA}/agilent.chemstation.chemstation.xls",
        "chemstation-qres",
        2,
        2,
        [(0, "H2O-0001", "Au", "3", "", OK, ""), (1, "H2O-0001", "Mg", "2", "", OK, "")],
    ),
    (
        f"{CORE}/panalytical/omnia/axios_00.csv",
        "omnia-quantification",
        13,
        13,
        [
            (0, "ESFERA CINZA - 1g H3BO3 -  1:0,5 - NO PPC", "Na2O", "2,085", "%", OK, "Calibrated"),
            (12, "ESFERA CINZA - 1g H3BO3 -  1:0,5 - NO PPC", "H2O", "7,790", "%", NA, "Not Found"),
        ],
    ),
    (
        f"{CORE}/panalytical/omnia/axios_multi_00.csv",
        "omnia-archive",
        4,
        51,
        [(0, "HEMATITA -20 MICRO -", "Al2O3", "0,198", "%", OK, "")],
    ),
    (
        f"{BIKA}/s8tiger/DU-0001.csv",
        "s8-tiger",
        14,
        14,
        [
            (0, "", "Ag 107", "111.8", "%", OK, "XRF 1"),
            (4, "", "SO3", "0.294", "%", OK, "XRF 1"),
            (13, "", "Sb2O3", "0.0", "PPM", UNDER, "Not detected"),
        ],
    ),
    (
        f"{CORE}/biodrop/ulite/ulite_01.csv",
        "biodrop-ulite",
        11,
        11,
        [(0, "B10C 1", "", "21.559", "ng/ul", OK, ""), (1, "B10C 2", "", "178.553", "ng/ul", OK, "")],
    ),
    (
        f"{CORE}/thermoscientific/gallery/9861x_v4_01.tsv",
        "thermo-gallery",
        44,
        44,
        [
            (0, "pienk QC", "D Lac BBK", "141,4722", "mg/l", OK, "MA"),
            (1, "rooi QC", "D Lac BBK", "327,847", "mg/l", INVALID, "AR"),
            (43, "28826", "D Lac BBK", "218,0846", "mg/l", OK, "MA"),
        ],
    ),
    (
        "Benchling-Open-Source__allotropy/roche_cedex_bioht/roche_cedex_bioht_example01.txt",
        "cedex-bio-ht",
        26,
        26,
        [
            (0, "SMPL1", "GLN2B", "2.45", "mmol/L", OK, ""),
            (7, "SMPL2", "ODB", "6.71", "OD", UNDER, "< TEST RNG"),
            (8, "SMPL2", "LDH2B", "< 20.00", "U/L", UNDER, "< TEST RNG"),
            (25, "SMPL4", "LAC2B", "1.89", "g/L", OK, "v"),
        ],
    ),
]

# What the devices say of every reading of these files, verbatim. The other exports have no flags: their column for
# them is empty throughout (FIAstar), or they have none.
FLAGS = {
    "reader-96-well": {(OK, ""): 32, (OK, "-"): 18, (OK, "+"): 5},
    "cobas-c111": {(OK, ""): 1, (OVER, ">RR"): 2, (INVALID, "? QC"): 1},
    "qubit": {(OK, "Good sample"): 3, (OK, "Poor"): 1},
    "omnia-quantification": {(OK, "Calibrated"): 12, (NA, "Not Found"): 1},
    "s8-tiger": {(OK, "XRF 1"): 9, (UNDER, "Not detected"): 5},
    "thermo-gallery": {(OK, "MA"): 33, (INVALID, "AR"): 11},
    "cedex-bio-ht": {(OK, ""): 17, (UNDER, "< TEST RNG"): 8, (OK, "v"): 1},
}


def imported(captures: Path, path: str, profile: str) -> ImportedFile:
    return import_file((captures / path).read_bytes(), builtin_profiles()[profile])


@pytest.mark.parametrize(("path", "profile", "rows", "readings", "some"), EXPORTS, ids=[row[1] for row in EXPORTS])
def test_an_export_gives_its_samples_items_values_units_and_flags(  # noqa: PLR0917 - the columns of EXPORTS
    captures: Path, path, profile, rows, readings, some
):
    result = imported(captures, path, profile)
    found = [reading for _, reading in result.readings()]
    assert (len(result.rows), len(found), result.unreadable) == (rows, readings, ())
    for at, *expected in some:
        reading = found[at]
        assert [
            reading.sample_text,
            reading.item_text,
            reading.value_text,
            reading.unit_text,
            reading.status,
            reading.verdict_text,
        ] == expected
    assert all(reading.value is not None for reading in found)


@pytest.mark.parametrize(("path", "profile"), [row[:2] for row in EXPORTS], ids=[row[1] for row in EXPORTS])
def test_the_right_profile_is_proposed_first(captures: Path, path: str, profile: str):
    proposed = propose_profiles((captures / path).read_bytes(), builtin_profiles().values())
    assert [found.name for found in proposed][:1] == [profile]


@pytest.mark.parametrize(("path", "profile"), [row[:2] for row in EXPORTS], ids=[row[1] for row in EXPORTS])
def test_every_flag_of_an_export_is_kept_and_none_is_made_up(captures: Path, path: str, profile: str):
    found = [reading for _, reading in imported(captures, path, profile).readings()]
    flags = Counter((reading.status, reading.verdict_text) for reading in found)
    assert flags == FLAGS.get(profile, {(OK, ""): len(found)})


def test_a_value_below_the_range_of_a_test_keeps_its_comparator(captures: Path):
    path = next(row[0] for row in EXPORTS if row[1] == "cedex-bio-ht")
    reading = [one for _, one in imported(captures, path, "cedex-bio-ht").readings()][8]
    assert (reading.value_text, reading.value, reading.comparator) == ("< 20.00", Decimal("20.00"), Comparator.LESS)


def test_every_profile_that_ships_is_proven_here():
    assert set(builtin_profiles()) == {row[1] for row in EXPORTS}


def test_instants_are_read_by_the_format_of_the_profile(captures: Path):
    found = [reading for _, reading in imported(captures, EXPORTS[3][0], "foss-fiastar").readings()]
    assert found[0].measured_text == "2015/05/14 03:46:14 PM"
    assert found[0].measured_at.isoformat() == "2015-05-14T07:46:14+00:00"


def test_control_samples_are_marked(captures: Path):
    found = [reading for _, reading in imported(captures, EXPORTS[6][0], "lachat-quickchem").readings()]
    assert sum(reading.quality_control for reading in found) == 36
    assert len(found) == 81


def test_the_same_bytes_under_another_name_give_the_same_keys_and_rows_stay_apart(captures: Path):
    content = (captures / EXPORTS[5][0]).read_bytes()
    profile = builtin_profiles()["seal-aq2"]
    first, second = (
        [reading.key("aq2", position) for position, reading in import_file(content, profile).readings()]
        for _ in range(2)
    )
    assert first == second
    assert len(set(first)) == 50


def test_a_file_that_was_damaged_before_says_so(captures: Path):
    table = read_text_table((captures / BIKA / "flameatomic/flameatomic_OVER_utf8.prn").read_bytes(), delimiter=",")
    assert [warning for warning in table.warnings if "replacement" in warning]


ROWS = parse_profile(
    """
    name = "plain"
    title = "Plain"
    version = 1
    header = ["Sample", "Value"]
    [columns]
    sample = "Sample"
    value = "Value"
    """
)


def read(text: str) -> ImportedFile:
    return import_file(text.encode("gb18030"), ROWS)


def test_texts_that_look_like_numbers_stay_texts():
    result = read("Sample,Value\n000000000000012345678,NA\n007,<0.01\n1E5,0\n")
    assert [(r.sample_text, r.value_text, r.status) for _, r in result.readings()] == [
        ("000000000000012345678", "NA", NA),
        ("007", "<0.01", OK),
        ("1E5", "0", OK),
    ]


def test_a_row_without_sample_or_value_is_unreadable_and_says_why():
    result = read("Sample,Value\n,1.5\nA,\nB,banana\n")
    assert [(row.number, row.problem) for row in result.unreadable] == [(2, "no sample"), (3, "no value")]
    [(_, reading)] = result.readings()
    assert (reading.value_text, reading.value) == ("banana", None)


def test_rows_of_different_length_are_read_and_numbered_as_in_the_file():
    result = read("title\n\nSample,Value\nA,1,extra,cells\n\nB,2\n")
    assert [row.number for row in result.rows] == [4, 6]


def test_a_file_without_the_header_is_refused_by_name():
    with pytest.raises(UnreadableFileError, match="No row holds Sample, Value"):
        read("Probe,Wert\nA,1\n")


def test_too_many_rows_are_refused():
    with pytest.raises(UnreadableFileError, match=f"more than {MAX_ROWS} rows"):
        read("Sample,Value\n" + "A,1\n" * MAX_ROWS)


def test_a_quote_that_is_never_closed_is_refused_and_swallows_no_row():
    with pytest.raises(UnreadableFileError, match="delimited text"):
        read('Sample,Value\n"A,1\nB,2\n')


def test_a_quote_inside_a_cell_is_a_quote():
    assert read_text_table(b'a,"b"c,3" d\n', delimiter=",").rows == (("a", "bc", '3" d'),)


def test_bytes_that_are_no_workbook_are_refused():
    with pytest.raises(UnreadableFileError, match="no workbook"):
        read_workbook(b"PK\x03\x04 not really")
    with pytest.raises(UnreadableFileError, match="no workbook"):
        read_workbook(b"plain text")


def test_a_workbook_warns_of_numbers_longer_than_it_can_keep():
    file, book = io.BytesIO(), Workbook()
    book.active.append(["Sample", "Value"])
    book.active.append(["12345678901234567890", "1"])
    book.save(file)
    table = read_workbook(file.getvalue())
    assert table.rows[1][0] == "12345678901234567890"
    assert [warning for warning in table.warnings if "15 digits" in warning]
    with pytest.raises(UnreadableFileError, match="no sheet “Nope”"):
        read_workbook(file.getvalue(), sheet="Nope")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("title = 'x'", "A profile needs a name"),
        ("name = 'x'", r"^Profile x lacks title\.$"),
        ("name = 'x'\ntitle = 'x'\nversion = 1\nheader = ['a']", "^Profile x: say which column holds the value"),
        ("name = 'x'\ntitle = 'x'\nversion = 1\nheader = ['a']\nlayout = 'matrix'", r"needs matrix\.items"),
        (
            "name = 'x'\ntitle = 'x'\nversion = 1\nheader = ['a']\n[columns]\nvalues = 'a'",
            r"unknown columns\.values; known",
        ),
        ("name = 'x'\ntitle = 'x'\nversion = 1\nheader = ['a']\nlayout = 'pivot'", "pivot"),
        ("name = ", "Invalid value"),
    ],
)
def test_a_profile_that_contradicts_itself_is_refused(text: str, problem: str):
    with pytest.raises(ProfileError, match=problem):
        parse_profile(text)
