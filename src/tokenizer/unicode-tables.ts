/**
 * How the reference tokenizer (`tokenizers` 0.23.3) treats each code point; made by scripts/make-bert-tables.py, not by hand.
 *
 * Runs of code points, in base 36: the distance from the last run's first, then `+` or `-` and the value where runs have one,
 * then `*` and the count of neighbours or `:` and the count of every second one.
 */

/** Taken out by `clean_text`: control, format, U+FFFD. */
export const removed = '0*9 b*2 3*i 35*x 1a 11v*6 s 5d 1e 3cv 1kt*5 v*5 1i*5 6*a 17yx 6y*3 4 3b4 xyb*4 443*8 h40e v*2o';

/** White space between words. */
export const spaces = '9*5 n 2t r 4bk 1vk*b 14*2 7 1c 335';

/** A word of its own. */
export const punctuation =
  'x*f p*7 x*6 w*4 12 6 4 b*2 5 4 jj 9 cz*6 1b*2 1h 2 3 3 19*2 m*2 3*2 f 3*2 24*4 2y 18*e 6v*3 1l*f 1a 7a*2 c ao ' +
  'lg 2j b*2 4q*f g 12*4 23 23*5 9*2 35*6 4x h1*9 4g h9*2 1a*2 28*3 22*2 4f*3 4*3 14*b 90*2 62*2 3m*7 8*6 4y*7 ' +
  '4i*4 1r*5 1v*2 1u*8 j n1*o w*k l*d e*c 16*2 g*2 hn*4 x*2 u7*e 2l*2 x*a bh*m 2d*4 10*2 l9*4 5*2 36 40*1b 1c*j ' +
  'cx*3 7*a c*c s d 2r 2j mwz*2 7j*3 2u b 38*6 aq*4 2i*2 16*3 4 1e*2 1d 2q*d t*2 3i*4 3m*2 i*2 6z g2b*2 5u*a w*z ' +
  '10*e f 5 2*2 47*3 4*6 7*4 e*2 5*2 s*3 4 s 2 2*7 bl*3 in 1d bj ko 5k w 7l*9 1b 35*7 21*7 2o*4 xa*7 38*2 3*4 ' +
  '3m*4 1g*2 29*5 8 e 2*3 2j*6 35 f1 6z*n 3k*3 6z*3 2lw*5 dtq*2 3r 1u*5 d g2j 5wo*5';

/** Taken out by `strip_accents`: nonspacing marks. */
export const accents =
  'lc*1s 1u 3*17 8u*5 7i*19 1a 2*2 3*2 3 21*b 1n*l 11 2u*7 9*6 8*2 3*4 13 v*r 3a*b 1x*9 17*4 5*9 a*3 4*5 1c*3 ' +
  '3u*w 2f 2 5*8 c 4*7 h*2 v 1n 5*4 c l*2 v*2 1n 5*2 6*2 4*3 6 v*2 5 c*2 1n 5*5 6*2 6 l*2 v 1n 3 2*4 c 9 c*2 w 1q ' +
  'd 1f 1q*3 8*2 4*4 b*2 d*2 v 1n 3 7 6*2 m*2 v 1s*4 c l*2 2w 8*3 4 2j 3*7 j*8 2y 3*6 7*2 d*6 28*2 t 2 2 1k*2 3 3 ' +
  '2*6 7 2*3 4*2 7*6 7*4 5*4 5*4 5*4 5*4 5*c d*3 c 2v*4 5*6 7*2 4*2 r*2 6*3 j*4 h 3*2 8 g jk*3 qd*3 w*3 w*2 w*2 ' +
  '1u*2 3*7 f 3*b k 1a*3 4e 3b*3 7*2 b 7*3 66*2 4 1n 2*7 8 2 3*8 e*a c 1d*e 28*4 1g 2*5 6 6 15*9 l*2 y*4 6*2 3*3 ' +
  '1n 2*2 5 2*3 1p*8 a*2 4a*3 4*d e*7 b 7 4*2 5k*1i 1o*4 k4*d h 4*c 2dm*3 40 2p*w ga*4 33*2 n9y 5*a 16*2 2a*2 7m ' +
  '4 5 q*2 4f s*i 1y*8 x*b 1l*3 1f 3*4 6 15 1w*6 8*2 4*2 e 9 1c 1g 2*3 5*2 7*2 3 17*2 a 6n 3 5 fn5 ki*g w*g rh 6b ' +
  '46*5 1aj*3 4*2 7*4 18*3 7 4m*2 10c 1j*f 1z*3 1g*4 6*2 1z*3 13*5 6 3*5 1v d*2 1i*9 k*3 2t*3 5 2*2 4p 4*8 t*2 1o ' +
  '4 12*7 a*5 8z*6 7 5*2 3*2 6o*4 a*2 3*2 t*2 2f*8 a 2*2 30 2 3*6 7 2u*3 5*4 5*5 gjt*5 1s*7 v3*4 f7y*2 43u*3 k*8 ' +
  'a*7 11*4 48*3 1j2*1j 1n*1e 1m f n*5 6*f 2sv*7 gzlc*6o';

/** Has a canonical decomposition (NFD), Hangul apart. */
export const decomposing =
  '5c*6 7*9 a*6 8*5 7*6 7*9 a*6 8*5 6*h j*k m*9 c*4 5*6 a*6 9*6 8*i k*n 1k*2 f*2 u*g h*6 8*b e*2 4*10 12*2 8*e ' +
  '7u*2 3*2 1d a 7*6 7 2*3 s*7 w*5 9*2 19*2 3 4 5*3 d w n*2 3 4 5*3 q*2 23*2 f*4 6*2 4*6 8*6 8*c e*2 8a*5 4e 2 h ' +
  'gm 8 3 10*8 37*2 h*2 3 2c 3 z*3 5 6i 3*2 h*2 1k 1i*3 3i 3c 7*2 3*2 3k*3 40 2*3 9z a 5 5 5 d a 2*2 3 9 i a 5 5 ' +
  '5 d 31 25c 2 2 2 2 4 15 2 3*2 3 jh*4a 4b 5*2i 2o*m o*6 8*12 14*6 8*8 9 2 2 2*v x*1h 1i*7 8 3*4 5*e g*6 7*j l*3 ' +
  '4*8 a*2 86 4*2 34*2 k v*3 1j 5 3 o 2 r 3 3 2 n 2 b*5 7*2 4*2 8*2 4*2 4*2 10*4 1g*4 a*4 1r*2 1ir 12o 2 2 2 2 2 ' +
  '2 2 2 2 2 2 3 2 2 7*2 3*2 3*2 3*2 3*2 o a e 2 2 2 2 2 2 2 2 2 2 2 3 2 2 7*2 3*2 3*2 3*2 3*2 o 3*4 7 13ia*7i 7k ' +
  '2 3*a b 2 3*2 5*1w 1y*2y 4t 2 b*d e*5 6 2*2 3*2 3*9 47o 2 f 3n*2 f1*2 a8*2 3 70*2 112c*7 2l*6 1m4l*f2';

/** Marks that canonical ordering moves, with the rank of their combining class. */
export const combiningRanks =
  'lc+1e*l l+1f 1+19*4 4+1f 1+17 1+19*5 5+15*2 2+19*4 4+15*2 2+19*b b+1*5 5+19*4 4+1e*3 5+1e 3+1i 1+1e 1+19*3 ' +
  '3+1e*3 3+19*2 3+1e*3 3+19*4 4+1e 1+1f 1+19*2 2+1e 1+1g 1+1h*2 2+1g 1+1h*2 2+1g 1+1e*d 80+1e*5 7i+19 1+1e*4 ' +
  '4+19 1+1e*3 3+1a 1+19 1+1e*6 6+19*6 6+1e*2 2+19 1+1e*2 2+1a 1+1d 1+1e 1+5 1+6 1+7 1+8 1+9 1+a 1+b 1+c 1+d ' +
  '1+e*2 2+f 1+g 1+h 2+i 2+j 1+k 2+1e 1+19 2+d 21+1e*8 8+p 1+q 1+r 1d+m 1+n 1+o 1+p 1+q 1+r 1+s 1+t 1+1e*2 2+19*2 ' +
  '2+1e*5 5+19 1+1e*2 2+19 h+u 2u+1e*7 9+1e*4 4+19 1+1e 3+1e*2 3+19 1+1e*2 2+19 10+v v+1e 1+19 1+1e*2 2+19 1+1e*2 ' +
  '2+19*3 3+1e 1+19*2 2+1e 1+19 1+1e*3 3+19 1+1e 1+19 1+1e 1+19 1+1e 1+19 1+1e*2 4i+1e*7 7+19 1+1e z+1e*4 5+1e*9 ' +
  'a+1e*3 4+1e*5 1c+19*3 3f+1e*e f+19 1+1e*2 2+19 1+1e*2 2+19 1+1e*3 3+19*3 3+m 1+n 1+o 1+1e*3 3+19 1+1e*2 2+19*2 ' +
  '2+1e*5 1t+2 h+4 4+1e 1+19 1+1e*2 2x+2 h+4 33+2 h+4 33+2 h+4 33+2 h+4 3k+4 3k+4 8+w 1+x 2u+2 h+4 3k+4 3h+4 ' +
  '32+y*2 2+4 e+z*4 34+10*2 g+11*4 28+19*2 t+19 2+19 2+17 1k+12 1+13 2+14 6+13*4 6+13 2+1e*2 2+4 2+1e*2 1s+19 ' +
  '35+2 2+4*2 2c+19 k0+1e*3 qf+4 w+4 4e+4 b+1e 5o+1d 40+1a 1+1e 1+19 64+1e 1+19 20+4 l+1e*8 a+19 1d+1e*5 5+19*6 ' +
  '6+1e*2 2+19 3b+2 g+4 13+1e 1+19 1+1e*7 1p+4*2 1o+2 c+4*2 1x+2 49+1e*3 4+1 1+19*5 5+1e*2 2+19*4 4+1e 2+1*7 b+19 ' +
  '7+1e 4+1e*2 5k+1e*2 2+19 1+1e*7 7+19 1+1e*2 2+1h 1+16 1+19 1+15 1+1e*11 16+1e 1+1g 1+19 1+1e 1+19 k1+1e*2 ' +
  '2+1*2 2+1e*4 4+1*3 3+1e*2 6+1e 4+1*2 2+1e 1+19 1+1e 1+1*2 2+19*4 4+1e 2db+1e*3 40+4 2p+1e*w ga+18 1+1d 1+1f ' +
  '1+1a 1+1b*2 2z+3*2 n9y+1e 5+1e*a 16+1e*2 2a+1e*2 7q+4 5a+4 s+1e*i 23+19*3 14+4 2o+2 d+4 6o+1e 2+1e*2 2+19 ' +
  '3+1e*2 7+1e*2 3+1e 1h+4 6v+4 fn5+l le+1e*7 7+19*7 7+1e*2 r3+19 6b+19 46+1e*5 1av+19 2+1e 15+1e 1+1 1+19 5+4 ' +
  '4m+1e 1+19 128+4 1l+4 1m+4 1+2 1y+1e*3 1f+4*2 1s+2 25+4 a+2 2z+4 1+2 4z+2 1+4 2a+2 h+4 p+1e*7 a+1e*5 5u+4 4+2 ' +
  '3g+4 1+2 70+4 1+2 3j+4 3b+4 1+2 38+4 104+4 fjl+1*5 1s+1e*7 g32+1 43r+17*2 2+1*3 6+1c 1+17*5 d+19*8 a+1e*5 ' +
  '5+19*2 w+1e*4 48+1e*3 2pq+1e*7 8+1e*h j+1e*7 8+1e*2 3+1e*5 1pm+19*7 38+1e*6 6+2';

/** Distance to the lower-case letter; U+0130 apart, which becomes two. */
export const lowerCase =
  '1t+w*q 3j+w*n o+w*7 14+1:o 1e+1:3 7+1:8 h+1:n 1a-3d 1+1:3 8+5u 1+1:2 4+5q 1+1 2+5p*2 2+1 3+27 1+5m 1+5n 1+1 ' +
  '2+5p 1+5r 2+5v 1+5t 1+1 4+5v 1+5x 2+5y 1+1:3 6+62 1+1 2+62 3+1 2+62 1+1 2+61*2 2+1:2 4+63 1+1 4+1 8+2 1+1 2+2 ' +
  '1+1 2+2 1+1:9 j+1:9 j+2 1+1:2 4-2p 1-1k 1+1:k 14-3m 2+1:9 o+8bv 1+1 2-4j 1+8bs 3+1 2-5f 1+1x 1+1z 1+1:5 8a+1:2 ' +
  '6+1 9+38 7+12 2+11*3 4+1s 2+1r*2 3+w*h i+w*9 18+8 9+1:c s-1o 3+1 2-7 1+1 3-3m*3 3+28*g g+w*w 28+1:h 16+1:r ' +
  '1i+f 1+1:7 f+1:1c 2p+1c*12 29b+5ls*12 13+5ls 6+5ls k3+tzk*28 28+8*6 1p5+1 7-2bk*17 19-2bk*3 8z+1:23 4e-5vj ' +
  '2+1:1c 2w-8*8 g-8*6 g-8*8 g-8*8 g-8*6 h-8:4 f-8*8 w-8*8 g-8*8 g-8*8 g-8*2 2-22*2 2-9 c-2e*4 4-9 c-8*2 2-2s*2 ' +
  'e-8*2 2-34*2 2-7 c-3k*2 2-3i*2 2-9 8a-5st 4-6gv 1-6di 7+s 1a+g*g z+1 mr+q*q 1fu+1c*1c 2o+1 2-8af 1-2xy 1-89z ' +
  '3+1:3 6-8bg 1-8al 1-8bj 1-8bi 2+1 3+1 9-8cf*2 2+1:1e 2z+1:2 7+1 nym+1:n 1s+1:e 4i+1:7 g+1:v 1z+1:2 4-r9g 1+1:5 ' +
  'd+1 2-wmg 3+1:2 6+1:a k-wn8 1-wnj 1-wnf 1-wn5 1-wn8 2-wlu 1-wmi 1-wlx 1+ps 1+1:8 g-1c 1-wn7 1-raw 1+1:2 4-wo7 ' +
  '1+1:8 g-wu9 p+1 h7w+w*q yn+14*14 4w+14*10 5c+13*b c+13*f g+13*7 8+13*2 1d8+1s*1f 5s+w*m 28g+w*w gww+w*w 2o+r*p ' +
  'o68+y*y';
