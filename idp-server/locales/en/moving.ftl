# What was taken over from other programs.

moving-weak = weak secret: have a new one set up
