"""Video models behind one seam: nobody outside this room and its two users meets a tensor."""
