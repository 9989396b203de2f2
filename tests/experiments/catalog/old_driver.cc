// Libraries that are no drivers of this Ronchi: built with another version of the interface, or,
// with NO_DRIVER, with nothing to show.
#ifndef NO_DRIVER
extern "C" __attribute__((visibility("default"))) const unsigned ronchi_driver[14] = {};
#else
extern "C" __attribute__((visibility("default"))) int nothing_to_show() { return 0; }
#endif
