"""The platform's API by its sections: in each file what is promised (a Protocol) and how it is done over HTTP."""
