/** A list of spare parts, as a table: one row is one section. */
import { section, type EvaluationDocument } from './set.ts'

export const parts: EvaluationDocument = {
  filename: 'heat-pump-parts.csv',
  kind: 'csv',
  language: 'en',
  sections: [
    section(
      'SX-1180',
      'Circulation pump for models Aurora 6 and Aurora 8; 230 V, 45 W; moves the heating water through the radiators; fitting takes forty minutes',
      'fitting takes forty minutes',
      'What is SX-1180?',
      'Which component pushes warm water round the house?',
    ),
    section(
      'SX-1192',
      'Expansion vessel of 18 litres, red steel; takes up the growing volume of hot water; check the pressure of 1.2 bar every year',
      'pressure of 1.2 bar',
      'What is the volume of SX-1192?',
      'Where does the additional liquid go when it heats up and swells?',
    ),
    section(
      'SX-2044',
      'Outdoor fan with three blades, 520 mm across; draws air through the evaporator; noise 49 dB',
      'noise 49 dB',
      'How wide is the fan SX-2044?',
      'Which item is loud outside in the garden?',
    ),
    section(
      'SX-2051',
      'Evaporator guard of coated wire; keeps leaves, snow and small animals out; clips on without tools',
      'clips on without tools',
      'What is SX-2051 made of?',
      'How do I protect the outer unit from foliage and mice?',
    ),
    section(
      'SX-3310',
      'Control board revision F with display connector; needs firmware 5.4 or later; not for Aurora 4',
      'firmware 5.4 or later',
      'Which firmware does SX-3310 need?',
      'The electronics are dead, which circuit card do I order?',
    ),
    section(
      'SX-3377',
      'Room sensor by radio, white, with two AAA batteries that last thirty months; measures temperature and humidity',
      'last thirty months',
      'Which batteries has SX-3377?',
      'How can the system know how warm the living room is?',
    ),
    section(
      'SX-4001',
      'Filter dryer for refrigerant R290, brazed; change it whenever the circuit was opened',
      'whenever the circuit was opened',
      'For which refrigerant is SX-4001?',
      'What must be renewed after repairing the cooling loop?',
    ),
    section(
      'SX-4010',
      'Compressor, scroll, 3.2 kW with rubber feet; weighs 38 kg; carry it with two persons',
      'carry it with two persons',
      'How heavy is SX-4010?',
      'What should not be lifted by one worker alone?',
    ),
    section(
      'SX-5123',
      'Seal kit of eleven rings for plate heat exchanger; grease them with the enclosed silicone',
      'enclosed silicone',
      'How many rings are in SX-5123?',
      'It is dripping where the metal plates meet, what will stop it?',
    ),
    section(
      'SX-5200',
      'Magnetic dirt separator with drain; catches rust from old iron pipes; empty it in spring',
      'empty it in spring',
      'What does SX-5200 catch?',
      'How do I keep corrosion particles out of the machine?',
    ),
    section(
      'SX-6090',
      'Heating rod of 6 kW for emergencies; takes over when frost stops the outdoor unit',
      'frost stops the outdoor unit',
      'How many kW has SX-6090?',
      'What keeps us warm if the device fails on an icy day?',
    ),
    section(
      'SX-7700',
      'Wall bracket, galvanised, carries 160 kg; with four anchors for brick; not for plasterboard',
      'not for plasterboard',
      'How much does SX-7700 carry?',
      'How is the equipment mounted on the side of a building?',
    ),
  ],
}
