// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.35;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Settlement} from "../src/Settlement.sol";
import {SettlementBase} from "./SettlementBase.sol";

contract SettlementTest is SettlementBase {
    // --- settling

    function test_settle_PaysEachPayeeAndTellsOfEach() public {
        Settlement.Payout[] memory payouts = new Settlement.Payout[](3);
        payouts[0] = payout(1, ALICE, 1e6);
        payouts[1] = payout(2, BOB, 2e6);
        payouts[2] = payout(3, CAROL, 3e6);
        for (uint256 i; i < 3; ++i) {
            vm.expectEmit(address(settlement));
            emit Settlement.Settled(payouts[i].id, payouts[i].to, payouts[i].amount, false);
        }
        assertEq(settle(payouts), 0);
        for (uint256 i; i < 3; ++i) {
            assertEq(usdc.balanceOf(payouts[i].to), payouts[i].amount);
            assertEq(settlement.settled(payouts[i].id), payouts[i].amount);
        }
        assertEq(usdc.balanceOf(address(settlement)), FLOAT - 6e6);
        assertEq(settlement.dayLeft(), DAY_CAP - 6e6);
    }

    function test_settle_PaysOnePayeeTwiceUnderTwoIds() public {
        Settlement.Payout[] memory payouts = new Settlement.Payout[](2);
        payouts[0] = payout(1, ALICE, 1e6);
        payouts[1] = payout(2, ALICE, 2e6);
        settle(payouts);
        assertEq(usdc.balanceOf(ALICE), 3e6);
    }

    function test_settle_TakesAFullBatch() public {
        settle(many(1, settlement.BATCH_MAX(), 1e6));
        assertEq(usdc.balanceOf(address(settlement)), FLOAT - settlement.BATCH_MAX() * 1e6);
    }

    function test_RevertWhen_AnIdIsSettledAgain() public {
        settle(one(1, ALICE, 1e6));
        bytes memory reason = abi.encodeWithSelector(Settlement.AlreadySettled.selector, idOf(1));
        settleReverts(one(1, ALICE, 1e6), reason);
        // Nor for another payee or amount, nor among others that are new: those are not paid either.
        settleReverts(one(1, BOB, 2e6), reason);
        Settlement.Payout[] memory payouts = new Settlement.Payout[](2);
        payouts[0] = payout(2, BOB, 1e6);
        payouts[1] = payout(1, ALICE, 1e6);
        settleReverts(payouts, reason);
        assertEq(usdc.balanceOf(BOB), 0);
        assertEq(settlement.settled(idOf(2)), 0);
        assertEq(usdc.balanceOf(ALICE), 1e6);
    }

    function test_RevertWhen_AnIdIsTwiceInABatch() public {
        Settlement.Payout[] memory payouts = new Settlement.Payout[](2);
        payouts[0] = payout(1, ALICE, 1e6);
        payouts[1] = payout(1, BOB, 1e6);
        settleReverts(payouts, abi.encodeWithSelector(Settlement.AlreadySettled.selector, idOf(1)));
    }

    function test_RevertWhen_ARefusedIdIsSettledAgain() public {
        usdc.setBlacklisted(ALICE, true);
        settle(one(1, ALICE, 1e6));
        settleReverts(one(1, ALICE, 1e6), abi.encodeWithSelector(Settlement.AlreadySettled.selector, idOf(1)));
        assertEq(settlement.owed(ALICE), 1e6);
    }

    function test_RevertWhen_APayoutIsOfNothingOrToNobody() public {
        bytes memory reason = abi.encodeWithSelector(Settlement.BadPayout.selector, idOf(1));
        settleReverts(one(1, ALICE, 0), reason);
        settleReverts(one(1, address(0), 1e6), reason);
        settleReverts(one(1, address(settlement), 1e6), reason);
        settleReverts(one(1, address(usdc), 1e6), reason);
    }

    function test_RevertWhen_ABatchIsEmptyOrTooLong() public {
        settleReverts(new Settlement.Payout[](0), abi.encodeWithSelector(Settlement.BatchSize.selector, 0));
        settleReverts(many(1, 101, 1e6), abi.encodeWithSelector(Settlement.BatchSize.selector, 101));
    }

    function test_RevertWhen_TheFloatIsTooSmall() public {
        vm.prank(ADMIN);
        settlement.withdrawFloat(ADMIN, FLOAT - 1e6);
        settleReverts(one(1, ALICE, 1e6 + 1), abi.encodeWithSelector(Settlement.FloatTooSmall.selector, 1e6 + 1, 1e6));
        settle(one(1, ALICE, 1e6));
    }

    function test_RevertWhen_OnlyWhatIsOwedToOthersIsLeft() public {
        usdc.setBlacklisted(ALICE, true);
        settle(one(1, ALICE, 5e6));
        vm.prank(ADMIN);
        settlement.withdrawFloat(ADMIN, FLOAT - 6e6);
        settleReverts(one(2, BOB, 2e6), abi.encodeWithSelector(Settlement.FloatTooSmall.selector, 2e6, 1e6));
        settle(one(2, BOB, 1e6));
        assertEq(usdc.balanceOf(address(settlement)), settlement.totalOwed());
    }

    function test_RevertWhen_AmountsOverflow() public {
        Settlement.Payout[] memory payouts = new Settlement.Payout[](2);
        payouts[0] = payout(1, ALICE, type(uint256).max);
        payouts[1] = payout(2, BOB, 2);
        settleReverts(payouts, abi.encodeWithSignature("Panic(uint256)", 0x11));
    }

    // --- payees whom the token refuses

    function test_settle_CreditsARefusedPayeeAndPaysTheOthers() public {
        usdc.setBlacklisted(BOB, true);
        Settlement.Payout[] memory payouts = new Settlement.Payout[](3);
        payouts[0] = payout(1, ALICE, 1e6);
        payouts[1] = payout(2, BOB, 2e6);
        payouts[2] = payout(3, CAROL, 3e6);
        vm.expectEmit(address(settlement));
        emit Settlement.Settled(idOf(2), BOB, 2e6, true);
        assertEq(settle(payouts), 2e6);
        assertEq(usdc.balanceOf(ALICE), 1e6);
        assertEq(usdc.balanceOf(CAROL), 3e6);
        assertEq(settlement.owed(BOB), 2e6);
        assertEq(settlement.totalOwed(), 2e6);
        assertEq(settlement.dayLeft(), DAY_CAP - 6e6);
    }

    function test_withdraw_GivesARefusedPayeeAllThatHeIsOwed() public {
        usdc.setBlacklisted(BOB, true);
        settle(one(1, BOB, 2e6));
        settle(one(2, BOB, 3e6));
        vm.expectEmit(address(settlement));
        emit Settlement.OwedWithdrawn(BOB, CAROL, 5e6);
        vm.prank(BOB);
        assertEq(settlement.withdraw(CAROL), 5e6);
        assertEq(usdc.balanceOf(CAROL), 5e6);
        assertEq(settlement.owed(BOB), 0);
        assertEq(settlement.totalOwed(), 0);
        vm.expectRevert(Settlement.NothingOwed.selector);
        vm.prank(BOB);
        settlement.withdraw(CAROL);
    }

    function test_withdraw_WorksDuringAPause() public {
        usdc.setBlacklisted(BOB, true);
        settle(one(1, BOB, 2e6));
        vm.prank(PAUSER);
        settlement.pause();
        vm.prank(BOB);
        settlement.withdraw(CAROL);
        assertEq(usdc.balanceOf(CAROL), 2e6);
    }

    function test_RevertWhen_SomebodyElseWithdraws() public {
        usdc.setBlacklisted(BOB, true);
        settle(one(1, BOB, 2e6));
        address[4] memory others = [STRANGER, ADMIN, SETTLER, PAUSER];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(Settlement.NothingOwed.selector);
            vm.prank(others[i]);
            settlement.withdraw(others[i]);
        }
    }

    function test_RevertWhen_WhatIsOwedWouldBeLost() public {
        usdc.setBlacklisted(BOB, true);
        settle(one(1, BOB, 2e6));
        address[3] memory nobody = [address(0), address(settlement), address(usdc)];
        for (uint256 i; i < nobody.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Settlement.BadRecipient.selector, nobody[i]));
            vm.prank(BOB);
            settlement.withdraw(nobody[i]);
        }
        // Refused there too: it stays owed.
        vm.expectRevert("Blacklistable: account is blacklisted");
        vm.prank(BOB);
        settlement.withdraw(BOB);
        assertEq(settlement.owed(BOB), 2e6);
        assertEq(settlement.totalOwed(), 2e6);
    }

    // --- the float

    function test_withdrawFloat_LeavesWhatIsOwed() public {
        usdc.setBlacklisted(BOB, true);
        settle(one(1, BOB, 2e6));
        vm.expectRevert(abi.encodeWithSelector(Settlement.FloatTooSmall.selector, FLOAT, FLOAT - 2e6));
        vm.prank(ADMIN);
        settlement.withdrawFloat(ADMIN, FLOAT);
        vm.expectEmit(address(settlement));
        emit Settlement.FloatWithdrawn(ADMIN, FLOAT - 2e6);
        vm.prank(ADMIN);
        settlement.withdrawFloat(ADMIN, FLOAT - 2e6);
        vm.prank(BOB);
        settlement.withdraw(CAROL);
        assertEq(usdc.balanceOf(CAROL), 2e6);
        assertEq(usdc.balanceOf(address(settlement)), 0);
    }

    function test_RevertWhen_TheFloatWouldBeLost() public {
        vm.expectRevert(abi.encodeWithSelector(Settlement.BadRecipient.selector, address(0)));
        vm.prank(ADMIN);
        settlement.withdrawFloat(address(0), 1);
    }

    function test_RevertWhen_EtherIsSent() public {
        (bool isTaken,) = address(settlement).call{value: 1}("");
        assertFalse(isTaken);
    }

    // --- who may do what

    function test_RevertWhen_TheCallerLacksTheRole() public {
        Settlement.Payout[] memory payouts = one(1, ALICE, 1e6);
        address[4] memory callers = [STRANGER, ADMIN, SETTLER, PAUSER];
        bytes[5] memory calls = [
            abi.encodeCall(settlement.settle, (payouts)),
            abi.encodeCall(settlement.pause, ()),
            abi.encodeCall(settlement.unpause, ()),
            abi.encodeCall(settlement.withdrawFloat, (STRANGER, 1)),
            abi.encodeCall(settlement.setCaps, (1, 1))
        ];
        bytes32[5] memory roles =
            [settlement.SETTLER_ROLE(), settlement.PAUSER_ROLE(), bytes32(0), bytes32(0), bytes32(0)];
        for (uint256 i; i < callers.length; ++i) {
            for (uint256 k; k < calls.length; ++k) {
                if (settlement.hasRole(roles[k], callers[i])) continue;
                vm.prank(callers[i]);
                (bool isDone, bytes memory reason) = address(settlement).call(calls[k]);
                assertFalse(isDone);
                assertEq(
                    reason,
                    abi.encodeWithSelector(
                        IAccessControl.AccessControlUnauthorizedAccount.selector, callers[i], roles[k]
                    )
                );
            }
        }
    }

    function test_RevertWhen_ARoleIsGivenByAnybodyButTheAdmin() public {
        bytes32 role = settlement.SETTLER_ROLE();
        address[3] memory callers = [STRANGER, SETTLER, PAUSER];
        for (uint256 i; i < callers.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, callers[i], bytes32(0))
            );
            vm.prank(callers[i]);
            settlement.grantRole(role, STRANGER);
        }
    }

    function test_revokeRole_StopsAStolenKeyAtOnce() public {
        bytes32 role = settlement.SETTLER_ROLE();
        vm.prank(ADMIN);
        settlement.revokeRole(role, SETTLER);
        settleReverts(
            one(1, STRANGER, 1e6),
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, SETTLER, role)
        );
    }

    function test_beginDefaultAdminTransfer_HandsOverInTwoStepsAfterADelay() public {
        vm.prank(ADMIN);
        settlement.beginDefaultAdminTransfer(ALICE);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControlDefaultAdminRules.AccessControlEnforcedDefaultAdminDelay.selector,
                block.timestamp + ADMIN_DELAY
            )
        );
        vm.prank(ALICE);
        settlement.acceptDefaultAdminTransfer();
        assertEq(settlement.defaultAdmin(), ADMIN);
        skip(ADMIN_DELAY + 1);
        vm.prank(ALICE);
        settlement.acceptDefaultAdminTransfer();
        assertEq(settlement.defaultAdmin(), ALICE);
        vm.expectRevert();
        vm.prank(ADMIN);
        settlement.withdrawFloat(ADMIN, 1);
    }

    function test_RevertWhen_TheAdminRoleIsGivenAtOnce() public {
        vm.expectRevert(IAccessControlDefaultAdminRules.AccessControlEnforcedDefaultAdminRules.selector);
        vm.prank(ADMIN);
        settlement.grantRole(bytes32(0), STRANGER);
    }

    function test_pause_StopsSettlingUntilTheAdminLetsItGoOn() public {
        vm.prank(PAUSER);
        settlement.pause();
        settleReverts(one(1, ALICE, 1e6), abi.encodeWithSelector(Pausable.EnforcedPause.selector));
        vm.prank(ADMIN);
        settlement.withdrawFloat(ADMIN, 1e6);
        vm.prank(ADMIN);
        settlement.unpause();
        settle(one(1, ALICE, 1e6));
    }

    // --- the beginning

    function test_RevertWhen_RolesAreNotSeparate() public {
        address[3][6] memory wrong = [
            [ADMIN, ADMIN, PAUSER],
            [ADMIN, SETTLER, ADMIN],
            [ADMIN, SETTLER, SETTLER],
            [ADMIN, address(0), PAUSER],
            [ADMIN, SETTLER, address(0)],
            [SETTLER, SETTLER, SETTLER]
        ];
        for (uint256 i; i < wrong.length; ++i) {
            vm.expectRevert(Settlement.RolesNotSeparate.selector);
            new Settlement(IERC20(address(usdc)), wrong[i][0], wrong[i][1], wrong[i][2], 1, 1, 0);
        }
    }

    function test_RevertWhen_ThereIsNoAdmin() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControlDefaultAdminRules.AccessControlInvalidDefaultAdmin.selector, address(0)
            )
        );
        new Settlement(IERC20(address(usdc)), address(0), SETTLER, PAUSER, 1, 1, 0);
    }

    function test_RevertWhen_TheTokenIsNoContract() public {
        vm.expectRevert(abi.encodeWithSelector(Settlement.NotAToken.selector, STRANGER));
        new Settlement(IERC20(STRANGER), ADMIN, SETTLER, PAUSER, 1, 1, 0);
    }

    function test_idOf_DiffersByLedgerIdAndContractAndChain() public {
        bytes32 id = settlement.idOf(hex"00112233445566778899aabbccddeeff");
        assertEq(
            id,
            keccak256(abi.encode(block.chainid, address(settlement), bytes16(hex"00112233445566778899aabbccddeeff")))
        );
        assertNotEq(id, settlement.idOf(hex"00112233445566778899aabbccddee00"));
        assertNotEq(id, deployFor(IERC20(address(usdc))).idOf(hex"00112233445566778899aabbccddeeff"));
        vm.chainId(8453);
        assertNotEq(id, settlement.idOf(hex"00112233445566778899aabbccddeeff"));
    }

    // --- whatever the amounts

    function testFuzz_settle_PaysExactlyWhatWasTold(uint256 seed, uint8 size, uint8 refused) public {
        uint256 count = bound(size, 1, 100);
        Settlement.Payout[] memory payouts = many(1, count, 1);
        uint256 total;
        uint256 credited;
        for (uint256 i; i < count; ++i) {
            payouts[i].amount = bound(uint256(keccak256(abi.encode(seed, i))), 1, BATCH_CAP / count);
            total += payouts[i].amount;
            if (i % (uint256(refused) + 1) == 1) {
                usdc.setBlacklisted(payouts[i].to, true);
                credited += payouts[i].amount;
            }
        }
        assertEq(settle(payouts), credited);
        for (uint256 i; i < count; ++i) {
            assertEq(usdc.balanceOf(payouts[i].to) + settlement.owed(payouts[i].to), payouts[i].amount);
            assertEq(settlement.settled(payouts[i].id), payouts[i].amount);
        }
        assertEq(settlement.totalOwed(), credited);
        assertEq(usdc.balanceOf(address(settlement)), FLOAT - total + credited);
        assertEq(settlement.dayLeft(), DAY_CAP - total);
    }

    function testFuzz_RevertWhen_AnIdWasSettledBefore(bytes32 id, uint48 amount, uint48 again, address to) public {
        amount = uint48(bound(amount, 1, BATCH_CAP));
        again = uint48(bound(again, 1, BATCH_CAP));
        vm.assume(to != address(0) && to != address(settlement) && to != address(usdc));
        Settlement.Payout[] memory payouts = new Settlement.Payout[](1);
        payouts[0] = Settlement.Payout(id, ALICE, amount);
        settle(payouts);
        payouts[0] = Settlement.Payout(id, to, again);
        settleReverts(payouts, abi.encodeWithSelector(Settlement.AlreadySettled.selector, id));
        assertEq(settlement.settled(id), amount);
    }
}
