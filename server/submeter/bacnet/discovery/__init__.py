"""How clients find the device and its objects."""
