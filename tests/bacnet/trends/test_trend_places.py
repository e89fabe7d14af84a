"""The instance of a trend log is the place of its point in the list of all points, for ever."""

from submeter.pointmap import points

_TEXT = """
    Active_Energy_Import Active_Energy_Export Reactive_Energy_Import Reactive_Energy_Export
    Active_Power_Total Active_Power_L1 Active_Power_L2 Active_Power_L3 Reactive_Power_Total
    Apparent_Power_Total Voltage_L1_N Voltage_L2_N Voltage_L3_N Voltage_L1_L2 Voltage_L2_L3
    Voltage_L3_L1 Current_L1 Current_L2 Current_L3 Current_Neutral Power_Factor_Total
    Power_Factor_L1 Power_Factor_L2 Power_Factor_L3 Frequency Demand_Peak_Current
    Demand_Peak_Timestamp THD_Voltage_L1 THD_Current_L1 Reset_Demand_Peak Sync_Clock
    Communication_Status Phase_Loss_L1 Phase_Loss_L2 Phase_Loss_L3 Overload_Alarm
    Energy_Direction Tamper_Alarm MID_Certification_Valid Pulse_Output_Active Meter_Error
    Voltage_Unbalance_Alarm Current_Unbalance_Alarm Reverse_Phase_Sequence CT_Primary_Rating
    CT_Secondary_Rating Demand_Interval Pulse_Constant Modbus_Address Modbus_Baudrate
    Display_Backlight_Timeout Overload_Threshold Voltage_Unbalance_Threshold
    Voltage_Unbalance Current_Unbalance Voltage_Angle_L2 Voltage_Angle_L3
    Cross_Check_Difference Cross_Check_Alarm Meter_Error_Reason Index_Readings_Refused
    Index_Gap_Time Demand_Current Modbus_Character_Format
"""
PLACES = _TEXT.split()


def test_no_point_has_moved() -> None:
    """New points come last, in diagnostics.yaml: then the logs of all others keep their numbers."""
    now = list(points.all_points())
    for place, (was, found) in enumerate(zip(PLACES, now, strict=False), 1):
        assert found == was, (
            f"point {place} was {was} and is {found}: this renumbers the trend logs of every "
            "installation; put new points at the end of diagnostics.yaml, and leave none out"
        )
    assert len(now) >= len(PLACES), f"{PLACES[len(now) :]} are gone from the end"
