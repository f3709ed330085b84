// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.35;

import {Settlement} from "../src/Settlement.sol";
import {SettlementBase} from "./SettlementBase.sol";

contract SettlementCapsTest is SettlementBase {
    uint256 private constant QUARTER = 6 hours;

    function test_RevertWhen_ABatchIsAboveItsCap() public {
        settleReverts(
            one(1, ALICE, uint256(BATCH_CAP) + 1),
            abi.encodeWithSelector(Settlement.BatchCapExceeded.selector, uint256(BATCH_CAP) + 1, BATCH_CAP)
        );
        Settlement.Payout[] memory payouts = new Settlement.Payout[](2);
        payouts[0] = payout(1, ALICE, BATCH_CAP);
        payouts[1] = payout(2, BOB, 1);
        settleReverts(
            payouts, abi.encodeWithSelector(Settlement.BatchCapExceeded.selector, uint256(BATCH_CAP) + 1, BATCH_CAP)
        );
        settle(one(1, ALICE, BATCH_CAP));
    }

    function test_RevertWhen_ABatchIsAboveWhatIsLeftOfTheDay() public {
        settle(one(1, ALICE, BATCH_CAP));
        settle(one(2, ALICE, BATCH_CAP));
        uint256 left = DAY_CAP - 2 * uint256(BATCH_CAP);
        assertEq(settlement.dayLeft(), left);
        settleReverts(
            one(3, ALICE, left + 1), abi.encodeWithSelector(Settlement.DayCapExceeded.selector, left + 1, left)
        );
        settle(one(3, ALICE, left));
        settleReverts(one(4, ALICE, 1), abi.encodeWithSelector(Settlement.DayCapExceeded.selector, 1, 0));
    }

    function test_settle_CountsWhatIsCredited() public {
        usdc.setBlacklisted(ALICE, true);
        settle(one(1, ALICE, BATCH_CAP));
        settle(one(2, ALICE, BATCH_CAP));
        vm.prank(ALICE);
        settlement.withdraw(BOB);
        assertEq(settlement.dayLeft(), DAY_CAP - 2 * uint256(BATCH_CAP));
    }

    /// No boundary at which the cap could be had twice: spent in the last second of a quarter, it counts a whole day.
    function test_settle_HasNoMidnight() public {
        uint256 boundary = (block.timestamp / QUARTER + 1) * QUARTER;
        vm.warp(boundary - 1);
        exhaust(1);
        uint256[5] memory later = [uint256(1), QUARTER, 2 * QUARTER, 3 * QUARTER, 4 * QUARTER];
        for (uint256 i; i < later.length; ++i) {
            vm.warp(boundary - 1 + later[i]);
            assertEq(settlement.dayLeft(), 0);
            settleReverts(one(99, ALICE, 1), abi.encodeWithSelector(Settlement.DayCapExceeded.selector, 1, 0));
        }
        vm.warp(boundary + 4 * QUARTER);
        assertEq(settlement.dayLeft(), DAY_CAP);
        exhaust(10);
    }

    function test_settle_ForgetsAfterThirtyHoursAtTheLatest() public {
        vm.warp((block.timestamp / QUARTER) * QUARTER);
        exhaust(1);
        skip(30 hours - 1);
        assertEq(settlement.dayLeft(), 0);
        skip(1);
        assertEq(settlement.dayLeft(), DAY_CAP);
        exhaust(10);
    }

    function test_settle_ForgetsEverythingAfterALongSilence() public {
        exhaust(1);
        skip(365 days);
        assertEq(settlement.dayLeft(), DAY_CAP);
        exhaust(10);
    }

    function test_setCaps_CountsWhatWasSpentBefore() public {
        settle(one(1, ALICE, BATCH_CAP));
        vm.expectEmit(address(settlement));
        emit Settlement.CapsChanged(7, BATCH_CAP / 2);
        vm.prank(ADMIN);
        settlement.setCaps(7, BATCH_CAP / 2);
        assertEq(settlement.dayLeft(), 0);
        settleReverts(one(2, ALICE, 1), abi.encodeWithSelector(Settlement.DayCapExceeded.selector, 1, 0));
        vm.prank(ADMIN);
        settlement.setCaps(BATCH_CAP, BATCH_CAP + 5);
        assertEq(settlement.dayLeft(), 5);
        settle(one(2, ALICE, 5));
    }

    function test_setCaps_TakesTheGreatestCap() public {
        usdc.mint(address(settlement), type(uint48).max);
        vm.prank(ADMIN);
        settlement.setCaps(type(uint48).max, type(uint48).max);
        settle(one(1, ALICE, type(uint48).max));
        settleReverts(one(2, ALICE, 1), abi.encodeWithSelector(Settlement.DayCapExceeded.selector, 1, 0));
        settleReverts(
            one(2, ALICE, uint256(type(uint48).max) + 1),
            abi.encodeWithSelector(
                Settlement.BatchCapExceeded.selector, uint256(type(uint48).max) + 1, type(uint48).max
            )
        );
    }

    /// Whoever asks for as much as he gets, whenever he likes, never has more than the cap of any 24 hours, and has all of it
    /// again after 30.
    function testFuzz_settle_KeepsTheDayCapAtAnyTime(uint256 seed) public {
        uint256 count = 30;
        uint256[] memory at = new uint256[](count);
        uint256[] memory amounts = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            skip(random % 9 hours);
            uint256 left = settlement.dayLeft();
            uint256 wanted = bound(random >> 128, 1, BATCH_CAP);
            at[i] = block.timestamp;
            amounts[i] = wanted < left ? wanted : left;
            if (amounts[i] > 0) settle(one(i, ALICE, amounts[i]));
            uint256 day;
            uint256 longer;
            for (uint256 k; k <= i; ++k) {
                if (at[k] + 24 hours > block.timestamp) day += amounts[k];
                if (at[k] + 30 hours > block.timestamp) longer += amounts[k];
            }
            assertLe(day, DAY_CAP);
            assertGe(settlement.dayLeft() + longer, DAY_CAP);
        }
    }

    function exhaust(uint256 first) private {
        for (uint256 left = DAY_CAP; left > 0; ++first) {
            uint256 amount = left < BATCH_CAP ? left : BATCH_CAP;
            settle(one(first, ALICE, amount));
            left -= amount;
        }
    }
}
