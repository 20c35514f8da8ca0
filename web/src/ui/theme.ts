import { type BrandVariants, createDarkTheme, createLightTheme, type Theme } from '@fluentui/react-components';

const teal: BrandVariants = {
  10: '#021413',
  20: '#04211f',
  30: '#00302f',
  40: '#003d3c',
  50: '#004b4a',
  60: '#005857',
  70: '#006463',
  80: '#00706f',
  90: '#1f8382',
  100: '#3b9695',
  110: '#57a9a7',
  120: '#73bbb9',
  130: '#90cdcb',
  140: '#addfdd',
  150: '#cbefee',
  160: '#e8fbfa',
};

export const lightTheme: Theme = createLightTheme(teal);

/** On dark ground, text in the brand's colour needs the lighter variants to be readable. */
export const darkTheme: Theme = {
  ...createDarkTheme(teal),
  colorBrandForeground1: teal[120],
  colorBrandForeground2: teal[130],
  colorBrandForegroundLink: teal[120],
  colorBrandForegroundLinkHover: teal[130],
};
