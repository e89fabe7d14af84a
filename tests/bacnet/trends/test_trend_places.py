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
    Active_Energy_Import_T1 Active_Energy_Import_T2 Active_Energy_Import_T3
    Active_Energy_Import_T4 Active_Energy_Import_T5 Active_Energy_Import_T6
    Active_Energy_Import_T7 Active_Energy_Import_T8 Active_Energy_Import_T9
    Active_Energy_Import_T10 Active_Energy_Import_D1 Active_Energy_Import_D2
    Active_Energy_Import_D3 Active_Energy_Import_D4 Active_Energy_Export_T1
    Active_Energy_Export_T2 Active_Energy_Export_T3 Active_Energy_Export_T4 Reactive_Energy_Q1
    Reactive_Energy_Q2 Reactive_Energy_Q3 Reactive_Energy_Q4 Apparent_Energy_Import
    Apparent_Energy_Export Heat_Energy Cooling_Energy Volume Volume_T1 Volume_T2 Volume_Input_1
    Volume_Input_2 Apparent_Power_L1 Apparent_Power_L2 Apparent_Power_L3 Apparent_Power_Injected
    Apparent_Power_Peak_Today Apparent_Power_Peak_Yesterday Apparent_Power_Injected_Peak_Today
    Active_Power_Mean_Import Active_Power_Mean_Export Reactive_Power_L1 Reactive_Power_L2
    Reactive_Power_L3 Voltage_Mean_L1 Voltage_Mean_L2 Voltage_Mean_L3 Subscribed_Power
    Cut_Off_Power Subscribed_Current Volume_Flow Heat_Power Flow_Temperature Return_Temperature
    Temperature_Difference External_Temperature Humidity Operating_Time
    Apparent_Power_Peak_Today_Time Apparent_Power_Peak_Yesterday_Time
    Apparent_Power_Injected_Peak_Today_Time Tariff_Current Distributor_Tariff_Current
    Tariff_Colour_Today Tariff_Colour_Tomorrow Mobile_Peak_Notice Mobile_Peak_Running
    Breaker_State Relay_1 Relay_2 Relay_3 Relay_4 Relay_5 Relay_6 Relay_7 Relay_8 Dry_Contact
    Overvoltage_Alarm Meter_Clock_Degraded Producer_Mode Instrument_Error Instrument_Battery_Low
"""
PLACES = _TEXT.split()


def test_no_point_has_moved() -> None:
    """New points come last, in extensions.yaml: then the logs of all others keep their numbers."""
    now = list(points.all_points())
    for place, (was, found) in enumerate(zip(PLACES, now, strict=False), 1):
        assert found == was, (
            f"point {place} was {was} and is {found}: this renumbers the trend logs of every "
            "installation; put new points at the end of extensions.yaml, and leave none out"
        )
    assert len(now) >= len(PLACES), f"{PLACES[len(now) :]} are gone from the end"
