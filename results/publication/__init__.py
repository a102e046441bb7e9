"""The publication gate and what lies behind it: public results, open data, pages of a business."""
