"""Words of the catalogue that carry a closed list of values."""

from enum import StrEnum


class Trust(StrEnum):
    """How far a row may be believed: read in its source, general knowledge of the trade, or inferred."""

    READ = "R"
    GENERAL = "G"
    INFERRED = "I"


class ItemClass(StrEnum):
    """What kind of thing a test item is; a microbiological failure, for one, cannot be rechecked."""

    CONTAMINANT = "contaminant"
    MYCOTOXIN = "mycotoxin"
    PESTICIDE = "pesticide"
    VETERINARY_DRUG = "veterinary_drug"
    ADDITIVE = "additive"
    MICROORGANISM = "microorganism"
    NON_FOOD_SUBSTANCE = "non_food_substance"
    QUALITY = "quality"
    NUTRIENT = "nutrient"


class Hazard(StrEnum):
    """Whether finding the item at all calls for the 24-hour lane."""

    NONE = "none"
    ILLEGAL_ADDITIVE = "illegal_additive"
    PROHIBITED_DRUG = "prohibited_drug"
    PATHOGEN = "pathogen"


class ItemKind(StrEnum):
    """抽检项目 decides pass or fail; 监测项目 can only make a problem sample."""

    INSPECTION = "inspection"
    MONITORING = "monitoring"


class AbsenceBound(StrEnum):
    """At which figure 不得检出 and 不得使用 are judged with a method."""

    LOD = "lod"
    LOQ = "loq"
    STATED = "stated"


class Comparison(StrEnum):
    """How a result meets its limit (GB/T 8170-2008): unrounded, or rounded to the limit's decimals."""

    FULL_VALUE = "full_value"
    ROUNDED_VALUE = "rounded_value"


class Coverage(StrEnum):
    """How much of an edition's limits this catalogue holds."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    NONE = "none"


class RegionLevel(StrEnum):
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"


class DayKind(StrEnum):
    WORKDAY = "workday"
    WEEKEND = "weekend"
    PUBLIC_HOLIDAY = "public_holiday"
    MAKEUP_WORKDAY = "makeup_workday"


class ParameterUnit(StrEnum):
    """What the value of a rule parameter counts."""

    WORKING_DAY = "working_day"
    NATURAL_DAY = "natural_day"
    HOUR = "hour"
    MONTH = "month"
    COUNT = "count"
    PERCENT = "percent"
    GRAM = "gram"
    CELSIUS = "celsius"  # a temperature may be zero or below
    SWITCH = "switch"  # 1: it holds, 0: it does not

    @property
    def is_time(self) -> bool:
        """Whether a deadline can be computed from it."""
        return self in {self.WORKING_DAY, self.NATURAL_DAY, self.HOUR, self.MONTH}
