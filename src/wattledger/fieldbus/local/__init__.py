"""The server's own inputs and outputs, through the files that the kernel offers for them; a board file says which.

Promises a link that answers for each input as a device would, counts of pulses that outlive a power cut, and outputs.
Reading and writing files may take as long as the hardware does: whoever calls from an event loop does so in a thread.
"""
