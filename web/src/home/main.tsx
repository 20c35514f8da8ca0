import { mount } from '../ui/mount';
import { HomePage } from './HomePage';
import { homeTexts } from './texts';

mount('home', homeTexts, <HomePage />);
