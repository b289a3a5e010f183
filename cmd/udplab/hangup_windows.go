package main

import "os"

// notifyHangups delivers nothing: there are no such signals.
func notifyHangups() (<-chan os.Signal, func()) { return nil, func() {} }
